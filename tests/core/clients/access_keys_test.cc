#include "core/clients/access_keys.h"

#include <gtest/gtest.h>

#include "tests/support/local_transport.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_fixture.h"

namespace mg {
namespace {

class Canned final : public Handler {
 public:
  Response Handle(Request& request, const Peer&, CancelToken&) override {
    target = request.target;
    ++calls;
    return answer;
  }
  Response answer;
  std::string target;
  int calls = 0;
};

class AccessKeysFetch : public testing::Test {
 protected:
  AccessKeysFetch() { transport.Route("http://team.test", site); }

  test::SteppedRuntime runtime;
  test::LocalTransport transport{runtime};
  Canned site;
  CancelToken cancel;
  AccessKeysClient client{transport, runtime, "http://team.test/cdn-cgi/access/certs"};
};

TEST_F(AccessKeysFetch, ReturnsTheDocumentAsItIs) {
  const auto wire_case = test::FindWireCase("access/01_certs");
  site.answer = wire_case.response;
  const auto document = client.Fetch(cancel);
  ASSERT_TRUE(document);
  EXPECT_EQ(*document, wire_case.response.body.bytes());
  EXPECT_EQ(site.target, wire_case.request.target);
}

TEST_F(AccessKeysFetch, TakesNothingButStatus200) {
  for (const int status : {204, 301, 302, 404, 500}) {
    site.answer = TextResponse(status, "{\"keys\":[]}");
    site.answer.headers.Set("location", "http://team.test/elsewhere");
    const auto document = client.Fetch(cancel);
    ASSERT_FALSE(document) << status;
    EXPECT_EQ(document.error().code, Code::kUnavailable) << status;
  }
  EXPECT_EQ(site.calls, 5) << "a redirect was followed";
}

TEST_F(AccessKeysFetch, RefusesADocumentOfMoreThanOneMebibyte) {
  site.answer = JsonResponse(200, std::string(1024 * 1024, ' '));
  EXPECT_TRUE(client.Fetch(cancel));
  site.answer = JsonResponse(200, std::string(1024 * 1024 + 1, ' '));
  const auto document = client.Fetch(cancel);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, Code::kCorrupt);
}

TEST_F(AccessKeysFetch, PassesOnWhatTheTransportSays) {
  AccessKeysClient nowhere(transport, runtime, "http://nobody.test/certs");
  const auto document = nowhere.Fetch(cancel);
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code, Code::kUnavailable);
  AccessKeysClient malformed(transport, runtime, "certs");
  EXPECT_EQ(malformed.Fetch(cancel).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace mg
