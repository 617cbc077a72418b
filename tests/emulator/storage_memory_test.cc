// A big object passes through a running emulator in pieces: its memory stays as it was.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/clients/sigv4.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

constexpr std::uint64_t kObjectBytes = std::uint64_t{256} << 20;
constexpr std::size_t kPiece = std::size_t{256} * 1024;
constexpr double kMostMegabytes = 64;

class Sameness final : public BodyStream {
 public:
  Result<std::string> Next(Instant) override {
    const auto size = std::min<std::uint64_t>(kPiece, left_);
    left_ -= size;
    return std::string(static_cast<std::size_t>(size), 'x');
  }

 private:
  std::uint64_t left_ = kObjectBytes;
};

double HighestMegabytes(pid_t pid) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::atof(status.c_str() + at + 6) / 1024;
}

TEST(StorageMemory, IsFlatWhateverAnObjectsSize) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers hold on to memory";
#endif
  TempFolder folder;
  Running up(folder.path(), {"--quiet", "--only", "r2"});
  EXPECT_NE(up.At("api_base"), "") << "R2 has a REST API too";
  ThreadRuntime runtime;
  HttpTransport transport({}, runtime);
  CancelToken cancel;
  const std::string origin = up.At("s3_endpoint");
  const auto send = [&](const std::string& method, Body body) {
    Request request;
    request.method = method;
    request.origin = origin;
    request.target = "/" + up.At("r2_bucket") + "/big";
    request.body = std::move(body);
    SignRequest(request, origin.substr(origin.find("://") + 3),
                {up.At("s3_access_key_id"), up.At("s3_secret_access_key")}, runtime.Wall(),
                "UNSIGNED-PAYLOAD");
    return transport.Send(request, {}, cancel);
  };
  const auto put = send("PUT", Body(std::make_shared<Sameness>(), kObjectBytes));
  ASSERT_TRUE(put);
  ASSERT_EQ(put->status, 200);
  const auto got = send("GET", {});
  ASSERT_TRUE(got);
  std::uint64_t size = 0;
  for (bool more = true; more;) {
    const auto piece = got->body.stream()->Next(kNever);
    ASSERT_TRUE(piece);
    more = !piece->empty();
    size += piece->size();
  }
  EXPECT_EQ(size, kObjectBytes);
  EXPECT_LT(HighestMegabytes(up.pid()), kMostMegabytes);
}

}  // namespace
}  // namespace mg::test
