#include "fakes/kv/kv.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/json.h"
#include "fakes/kv/multipart.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_expect.h"

namespace mg::fake {
namespace {

using test::FixtureCredentials;

class KvFake : public testing::Test {
 protected:
  Response Send(Request request) { return kv.Handle(request, note, cancel); }

  Response Call(std::string method, const std::string& below, std::string body = "",
                std::string content_type = "") {
    Request request;
    request.method = std::move(method);
    request.target = "/client/v4/accounts/" + credentials.account_id + "/storage/kv/namespaces/" +
                     credentials.kv_namespace_id + below;
    if (!content_type.empty()) request.headers.Set("content-type", content_type);
    request.body = std::move(body);
    return Send(std::move(request));
  }

  std::string Message(const Response& response) {
    const auto json = ParseJson(response.body.bytes());
    return json ? StringAt((*json)["errors"][0], "message") : "";
  }

  Credentials credentials = FixtureCredentials();
  test::SteppedRuntime runtime;
  CancelToken cancel;
  CallNote note;
  Kv kv{credentials, "", runtime};
};

TEST_F(KvFake, AnswersEveryWireCaseInTurn) {
  const auto cases = test::ReadWireCases("kv");
  ASSERT_GT(cases.size(), 20u);
  for (const auto& wire_case : cases) test::ExpectAnswer(Send(wire_case.request), wire_case);
}

TEST_F(KvFake, HidesAValueOnceItsTimeHasCome) {
  ASSERT_EQ(Call("PUT", "/values/k?expiration_ttl=60", "v").status, 200);
  runtime.Advance(std::chrono::seconds(59));
  EXPECT_EQ(Call("GET", "/values/k").status, 200);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Call("GET", "/values/k").status, 404);
  EXPECT_EQ(Call("GET", "/metadata/k").status, 404);
  EXPECT_EQ(Call("GET", "/keys").body.bytes().find("\"k\""), std::string::npos);
}

TEST_F(KvFake, LetsTheTtlWinOverTheExpiration) {
  ASSERT_EQ(Call("PUT", "/values/k?expiration=1800000000&expiration_ttl=60", "v").status, 200);
  EXPECT_EQ(Call("GET", "/values/k").headers.Get("expiration"), "1767225660");
}

TEST_F(KvFake, RefusesExpirationsThatAreNoNumbersAndSurvivesHugeOnes) {
  for (const char* bad : {"abc", "-60", "1e3", "", "99999999999999999999"}) {
    EXPECT_EQ(Call("PUT", std::string("/values/k?expiration_ttl=") + bad, "v").status, 400) << bad;
    EXPECT_EQ(Call("PUT", std::string("/values/k?expiration=") + bad, "v").status, 400) << bad;
  }
  EXPECT_EQ(Call("PUT", "/values/k?expiration_ttl=9223372036854775807", "v").status, 200);
  EXPECT_EQ(Call("GET", "/values/k").status, 200);
}

TEST_F(KvFake, TakesMetadataFromAMultipartPutAndErasesItOnAPlainOne) {
  const std::string body =
      "--B\r\nContent-Disposition: form-data; name=\"value\"; filename=\"blob\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\nline one\r\nline two\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"x\": 1}\r\n--B--\r\n";
  ASSERT_EQ(Call("PUT", "/values/k", body, "multipart/form-data; boundary=B").status, 200);
  EXPECT_EQ(Call("GET", "/values/k").body.bytes(), "line one\r\nline two");
  const auto metadata = ParseJson(Call("GET", "/metadata/k").body.bytes());
  EXPECT_EQ((*metadata)["result"], (Json{{"x", 1}}));
  const auto keys = ParseJson(Call("GET", "/keys").body.bytes());
  EXPECT_EQ((*keys)["result"][0]["metadata"], (Json{{"x", 1}}));
  ASSERT_EQ(Call("PUT", "/values/k", "v").status, 200);
  EXPECT_EQ((*ParseJson(Call("GET", "/metadata/k").body.bytes()))["result"], Json());
}

TEST_F(KvFake, RefusesMultipartBodiesThatAreNotWhole) {
  const std::string type = "multipart/form-data; boundary=B";
  const std::string part = "--B\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\nv";
  for (const std::string& body :
       {std::string(), std::string("v"), std::string("--B"), std::string("--B--"), part,
        part + "\r\n--B", part + "\r\n--X--", std::string("--B\r\n\r\nv\r\n--B--")}) {
    EXPECT_EQ(Call("PUT", "/values/k", body, type).status, 400) << body;
  }
  EXPECT_EQ(Call("PUT", "/values/k", part + "\r\n--B--", "multipart/form-data").status, 400);
  EXPECT_EQ(Call("GET", "/values/k").status, 404);
}

TEST_F(KvFake, EnforcesTheSizeOfValueAndMetadataToTheByte) {
  const std::size_t limit = 26'214'400;
  EXPECT_EQ(Call("PUT", "/values/k", std::string(limit, 'x')).status, 200);
  const Response refused = Call("PUT", "/values/k", std::string(limit + 1, 'x'));
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(Message(refused), "Value length of 26214401 exceeds limit of 26214400.");
  const auto with_metadata = [&](std::size_t length) {
    const std::string metadata = '"' + std::string(length - 2, 'm') + '"';
    return Call("PUT", "/values/k",
                "--B\r\nContent-Disposition: form-data; name=value\r\n\r\nv\r\n"
                "--B\r\nContent-Disposition: form-data; name=metadata\r\n\r\n" +
                    metadata + "\r\n--B--",
                "multipart/form-data; boundary=\"B\"");
  };
  EXPECT_EQ(with_metadata(1024).status, 200);
  EXPECT_EQ(Message(with_metadata(1025)), "Metadata length of 1025 exceeds limit of 1024.");
}

TEST_F(KvFake, PagesThroughKeysInByteOrder) {
  for (int i = 0; i < 25; ++i) {
    const std::string name = "p" + std::to_string(100 + i);
    ASSERT_EQ(Call("PUT", "/values/" + name, "v").status, 200);
  }
  Call("PUT", "/values/q", "v");
  Call("PUT", "/values/p%C3%A9", "v");
  std::vector<std::string> names;
  std::string cursor;
  int pages = 0;
  do {
    const Response page = Call("GET", "/keys?prefix=p&limit=10&cursor=" + cursor);
    const auto json = ParseJson(page.body.bytes());
    ASSERT_TRUE(json);
    for (const auto& item : (*json)["result"]) names.push_back(StringAt(item, "name"));
    cursor = StringAt((*json)["result_info"], "cursor");
  } while (!cursor.empty() && ++pages < 10);
  ASSERT_EQ(names.size(), 26u);
  EXPECT_EQ(names.front(), "p100");
  EXPECT_EQ(names.back(), "p\xc3\xa9");
  EXPECT_EQ(Call("GET", "/keys?cursor=!!").status, 400);
  EXPECT_EQ(Call("GET", "/keys?limit=1001").status, 400);
}

TEST_F(KvFake, KnowsItsPathsAndTheirMethods) {
  EXPECT_EQ(Call("POST", "/values/k").status, 405);
  EXPECT_EQ(Call("DELETE", "/keys").status, 405);
  EXPECT_EQ(Call("GET", "/nothing/at/all").status, 404);
  EXPECT_EQ(Call("GET", "/values/%zz").status, 404);
}

TEST_F(KvFake, NotesWhatEachCallWas) {
  Call("PUT", "/values/a%2Fb", "secret value");
  EXPECT_EQ(note.operation, "kv.put");
  EXPECT_EQ(note.subject, "a/b");
}

TEST_F(KvFake, IsEmptyAfterReset) {
  Call("PUT", "/values/k", "v");
  kv.Reset();
  EXPECT_EQ(Call("GET", "/values/k").status, 404);
}

TEST_F(KvFake, KeepsItsValuesInAFolder) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "moltgate_kv_test";
  std::filesystem::remove_all(folder);
  Request put;
  put.method = "PUT";
  put.target =
      "/client/v4/accounts/a/storage/kv/namespaces/" + credentials.kv_namespace_id + "/values/k";
  put.body = std::string("kept");
  Request get = put;
  get.method = "GET";
  {
    Kv first(credentials, folder.string(), runtime);
    ASSERT_EQ(first.Handle(put, note, cancel).status, 200);
  }
  Kv second(credentials, folder.string(), runtime);
  EXPECT_EQ(second.Handle(get, note, cancel).body.bytes(), "kept");
  std::filesystem::remove_all(folder);
}

TEST(KvMultipart, FindsTheBoundaryHoweverItIsWritten) {
  using kv::MultipartBoundary;
  EXPECT_EQ(MultipartBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(MultipartBoundary("Multipart/Form-Data; charset=x; BOUNDARY=\"a b\""), "a b");
  EXPECT_EQ(MultipartBoundary("multipart/form-data"), "");
  EXPECT_EQ(MultipartBoundary("multipart/form-data; boundary=" + std::string(71, 'x')), "");
  EXPECT_EQ(MultipartBoundary("text/plain; boundary=abc"), std::nullopt);
  EXPECT_EQ(MultipartBoundary(""), std::nullopt);
}

TEST(KvMultipart, SurvivesEveryCutOfAGoodBody) {
  const std::string body =
      "--B\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\nv\r\n--B--\r\n";
  ASSERT_TRUE(kv::ParseMultipart(body, "B"));
  const std::size_t whole = body.size() - 2;  // the last CRLF may be missing
  for (std::size_t i = 0; i < whole; ++i) {
    EXPECT_FALSE(kv::ParseMultipart(std::string_view(body).substr(0, i), "B")) << i;
  }
}

}  // namespace
}  // namespace mg::fake
