// An R2 in memory whose clock stands at 2026-01-01T00:00:00Z, and requests signed for it.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/base/digest.h"
#include "core/clients/sigv4.h"
#include "fakes/r2/r2.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_expect.h"

namespace mg::fake {

inline Credentials R2Credentials() {
  Credentials credentials = test::FixtureCredentials();
  credentials.s3_access_key_id = "0123456789abcdef0123456789abcdef";
  credentials.s3_secret_access_key =
      "35b1f2e31903b676d457f8c3e96ccc9ebf6a735c43d0007cb74d8e2601cf64b3";
  return credentials;
}

// The first element of that name; "" when there is none.
inline std::string Element(const Response& response, const std::string& name) {
  const std::string& xml = response.body.bytes();
  const std::size_t open = xml.find("<" + name + ">");
  if (open == std::string::npos) return "";
  const std::size_t start = open + name.size() + 2;
  return xml.substr(start, xml.find("</" + name + ">", start) - start);
}

// All of them, joined by '|'.
inline std::string Elements(const Response& response, const std::string& name) {
  const std::string& xml = response.body.bytes();
  std::string out;
  for (std::size_t at = xml.find("<" + name + ">"); at != std::string::npos;
       at = xml.find("<" + name + ">", at + 1)) {
    const std::size_t start = at + name.size() + 2;
    out += (out.empty() ? "" : "|") + xml.substr(start, xml.find("</", start) - start);
  }
  return out;
}

class R2Fake : public testing::Test {
 protected:
  Response Send(Request request) {
    note = CallNote();
    return r2->Handle(request, note, cancel);
  }
  // Signed; `payload_hash` of the body unless it is given, the host "localhost:8788" likewise.
  Response Call(const std::string& method, const std::string& target, Body body = {},
                Headers headers = {}, std::string payload_hash = "") {
    Request request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    if (!request.headers.Has("host")) request.headers.Set("host", "localhost:8788");
    const std::string host(request.headers.Get("host"));
    if (payload_hash.empty()) payload_hash = Sha256Hex(body.bytes());
    request.body = std::move(body);
    SignRequest(request, host, {credentials.s3_access_key_id, credentials.s3_secret_access_key},
                runtime.Wall(), payload_hash);
    return Send(std::move(request));
  }
  std::string All(Response response) {
    EXPECT_TRUE(response.body.Buffer(1 << 30, kNever).ok());
    return response.body.bytes();
  }
  void Reopen(const std::string& folder) {
    r2.reset();
    r2 = std::make_unique<R2>(credentials, folder, runtime);
  }

  Credentials credentials = R2Credentials();
  test::SteppedRuntime runtime;
  CancelToken cancel;
  CallNote note;
  std::unique_ptr<R2> r2 = std::make_unique<R2>(credentials, "", runtime);
};

}  // namespace mg::fake
