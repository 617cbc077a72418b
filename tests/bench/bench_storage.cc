// The storage fakes as one client sees them, over loopback and one kept-alive connection: a value
// of KV, a row of D1 by its key, an object of 1 KiB, an object of 1 GiB, and what memory the big
// one costs. Aims: 5,000 of each small one a second, 500 MB/s, less than 64 MB. With a port also
// Miniflare's figures, a Worker that reads the same from its bindings (storage_miniflare.mjs). Run
// by tests/bench/storage.sh [seconds a round] [GiB of the big object].
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/clients/r2.h"
#include "core/clients/sigv4.h"
#include "emulator/self.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLeastPerSecond = 5000;
constexpr double kLeastMegabytesPerSecond = 500;
constexpr double kMostMegabytesOfMemory = 64;
constexpr std::size_t kSmallObject = 1024;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

const char* Verdict(bool met) {
  return met ? "met" : "MISSED";
}

// One kept-alive connection.
class Connection {
 public:
  explicit Connection(const std::string& authority) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(authority.substr(authority.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect to " + authority);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("cannot send");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // Reads one answer and drops its body; its length. Anything but 200 ends the bench.
  std::int64_t Answer() {
    std::string head;
    std::size_t end = std::string::npos;
    while ((end = head.find("\r\n\r\n")) == std::string::npos)
      head.append(buffer_.data(), Receive());
    std::int64_t have = static_cast<std::int64_t>(head.size() - end - 4);
    if (head.compare(9, 3, "200") != 0) throw std::runtime_error("refused: " + head);
    std::string lower = AsciiLower(head.substr(0, end));
    const std::size_t length_at = lower.find("content-length: ");
    if (length_at == std::string::npos) return Chunked(head.substr(end + 4));
    const std::int64_t length = std::atoll(lower.c_str() + length_at + 16);
    while (have < length) have += static_cast<std::int64_t>(Receive());
    return length;
  }

 private:
  std::int64_t Chunked(std::string body) {
    while (body.size() < 5 || body.compare(body.size() - 5, 5, "0\r\n\r\n") != 0)
      body.append(buffer_.data(), Receive());
    return static_cast<std::int64_t>(body.size());
  }
  std::size_t Receive() {
    const ssize_t got = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) throw std::runtime_error("the connection was closed");
    return static_cast<std::size_t>(got);
  }

  int fd_;
  std::string buffer_ = std::string(std::size_t{256} * 1024, '\0');
};

std::string AuthorityOf(const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  return url.substr(start, url.find('/', start) - start);
}

std::string TextOf(const Request& request, const std::string& host, const std::string& body) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nhost: " + host + "\r\n";
  for (const Headers::Line& line : request.headers.lines())
    text += line.name + ": " + line.value + "\r\n";
  return text + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

double PerSecond(const std::string& authority, const std::string& request, int seconds) {
  Connection connection(authority);
  const auto began = Clock::now();
  const auto end = began + std::chrono::seconds(seconds);
  double count = 0;
  for (; Clock::now() < end; ++count) {
    connection.Send(request);
    connection.Answer();
  }
  return count / std::chrono::duration<double>(Clock::now() - began).count();
}

double MegabytesOfMemory(pid_t pid) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::atof(status.c_str() + at + 6) / 1024;
}

class Bench {
 public:
  Bench(Running& up, int seconds) : up_(up), seconds_(seconds) {}

  void Fill() {
    KvClient kv(
        transport_, runtime_,
        {up_.At("api_base"), up_.At("account_id"), up_.At("kv_namespace_id"), up_.At("api_token")});
    D1Client db(
        transport_, runtime_,
        {up_.At("api_base"), up_.At("account_id"), up_.At("d1_database_id"), up_.At("api_token")});
    R2Binding bucket;
    bucket.endpoint = up_.At("s3_endpoint");
    bucket.bucket = up_.At("r2_bucket");
    bucket.access_key_id = up_.At("s3_access_key_id");
    bucket.secret_access_key = up_.At("s3_secret_access_key");
    R2Client r2(transport_, runtime_, bucket);
    const bool filled =
        kv.Put("bench", std::string(kSmallObject, 'v'), 0, cancel_).ok() &&
        r2.Put("small", std::string(kSmallObject, 'o'), cancel_).ok() &&
        db.Execute(
              "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);"
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
              " INSERT INTO t SELECT i, 'row ' || i FROM n",
              cancel_)
            .ok();
    if (!filled) throw std::runtime_error("cannot fill the stores");
  }

  std::string Api(const std::string& method, const std::string& path, const std::string& body) {
    Request request;
    request.method = method;
    request.target = "/client/v4/accounts/" + up_.At("account_id") + path;
    request.headers = {{"authorization", "Bearer " + up_.At("api_token")}};
    return TextOf(request, AuthorityOf(up_.At("api_base")), body);
  }
  std::string S3(const std::string& method, const std::string& key, std::int64_t body_bytes = 0) {
    const std::string host = AuthorityOf(up_.At("s3_endpoint"));
    Request request;
    request.method = method;
    request.target = "/" + up_.At("r2_bucket") + "/" + key;
    SignRequest(request, host, {up_.At("s3_access_key_id"), up_.At("s3_secret_access_key")},
                runtime_.Wall(), body_bytes == 0 ? Sha256Hex("") : "UNSIGNED-PAYLOAD");
    if (body_bytes == 0) return TextOf(request, host, "");
    std::string text = TextOf(request, host, "");
    const std::string none = "content-length: 0";
    return text.replace(text.find(none), none.size(),
                        "content-length: " + std::to_string(body_bytes));
  }

  void Small(const char* what, const std::string& authority, const std::string& request) {
    PerSecond(authority, request, 1);
    const double per_second = PerSecond(authority, request, seconds_);
    std::printf("%-22s %8.0f/s (aim %.0f: %s)\n", what, per_second, kLeastPerSecond,
                Verdict(per_second >= kLeastPerSecond));
    std::fflush(stdout);
  }

  void Big(std::int64_t size) {
    const std::string authority = AuthorityOf(up_.At("s3_endpoint"));
    Connection connection(authority);
    const std::string piece(std::size_t{1} << 20, 'x');
    auto began = Clock::now();
    connection.Send(S3("PUT", "big", size));
    for (std::int64_t left = size; left > 0;) {
      const auto now = std::min<std::int64_t>(left, static_cast<std::int64_t>(piece.size()));
      connection.Send(std::string_view(piece).substr(0, static_cast<std::size_t>(now)));
      left -= now;
    }
    connection.Answer();
    const double put = MegabytesPerSecond(size, began);
    double best = 0;
    for (int round = 0; round < 3; ++round) {
      began = Clock::now();
      connection.Send(S3("GET", "big"));
      if (connection.Answer() != size) throw std::runtime_error("the object is not whole");
      best = std::max(best, MegabytesPerSecond(size, began));
    }
    const double memory = MegabytesOfMemory(up_.pid());
    std::printf("R2 put of %.2f GiB       %8.0f MB/s\n", double(size) / double(kGiB), put);
    std::printf("R2 get of %.2f GiB       %8.0f MB/s (aim %.0f: %s)\n", double(size) / double(kGiB),
                best, kLeastMegabytesPerSecond, Verdict(best >= kLeastMegabytesPerSecond));
    std::printf("memory at its highest  %8.0f MB (aim %.0f: %s)\n", memory, kMostMegabytesOfMemory,
                Verdict(memory <= kMostMegabytesOfMemory));
  }

 private:
  static double MegabytesPerSecond(std::int64_t size, Clock::time_point began) {
    return double(size) / 1e6 / std::chrono::duration<double>(Clock::now() - began).count();
  }

  Running& up_;
  const int seconds_;
  ThreadRuntime runtime_;
  HttpTransport transport_{{}, runtime_};
  CancelToken cancel_;
};

void Miniflare(const std::string& port, int seconds) {
  const std::string authority = "127.0.0.1:" + port;
  for (const char* path : {"/kv", "/d1", "/r2"}) {
    Request request;
    request.target = path;
    const std::string text = TextOf(request, authority, "");
    PerSecond(authority, text, 1);
    std::printf("miniflare %-12s %8.0f/s\n", path, PerSecond(authority, text, seconds));
    std::fflush(stdout);
  }
}

int Run(int seconds, std::int64_t big, const std::string& miniflare) {
  TempFolder folder;
  Running up(folder.path(), {"--quiet", "--only", "kv,d1,r2"});
  Bench bench(up, seconds);
  bench.Fill();
  const std::string api = AuthorityOf(up.At("api_base"));
  bench.Small(
      "KV get", api,
      bench.Api("GET", "/storage/kv/namespaces/" + up.At("kv_namespace_id") + "/values/bench", ""));
  bench.Small("D1 query by key", api,
              bench.Api("POST", "/d1/database/" + up.At("d1_database_id") + "/query",
                        R"({"sql":"SELECT v FROM t WHERE id = ?1","params":[500]})"));
  bench.Small("R2 get of 1 KiB", AuthorityOf(up.At("s3_endpoint")), bench.S3("GET", "small"));
  bench.Big(big);
  if (!miniflare.empty()) Miniflare(miniflare, seconds);
  return 0;
}

}  // namespace
}  // namespace mg::test

int main(int argc, char** argv) {
  mg::PrepareProcess();
  const int seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  const double gib = argc > 2 ? std::atof(argv[2]) : 1;
  try {
    return mg::test::Run(seconds, static_cast<std::int64_t>(gib * double(mg::test::kGiB)),
                         argc > 3 ? argv[3] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_storage: %s\n", error.what());
    return 1;
  }
}
