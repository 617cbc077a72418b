// The server over TLS: the same server, its bytes encrypted.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/adapters/http_transport.h"
#include "core/adapters/tls_server.h"
#include "tests/core/adapters/certificate.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

constexpr std::size_t kLargeBytes = 16 * 1024 * 1024;  // more than the sockets' buffers take

std::string Text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Large() {
  std::string bytes(kLargeBytes, 'x');
  for (std::size_t i = 0; i < bytes.size(); i += 997) bytes[i] = static_cast<char>('a' + i % 26);
  return bytes;
}

// Says back what it is told.
class Echo final : public UpgradeHandler {
 public:
  void Run(Duplex& client, CancelToken&) override {
    while (true) {
      const auto bytes = client.Read(kNever);
      if (!bytes || bytes->empty() || !client.Write(*bytes)) return;
    }
  }
};

class ServerTls : public testing::Test {
 protected:
  ServerTls() {
    std::string pattern = testing::TempDir() + "/tls.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    WriteCertificate(folder_, "DNS:localhost,IP:127.0.0.1");
    ::setenv("SSL_CERT_FILE", (folder_ + "/cert.pem").c_str(), 1);
    const std::string certificate = Text(folder_ + "/cert.pem");
    auto tls = TlsServer::Make(Text(folder_ + "/key.pem"), [this, certificate](const auto& host) {
      const Lock lock(mutex_);
      names_.push_back(host);
      return certificate;
    });
    ServerOptions options;
    options.tls = *tls;
    server_.emplace(options, handler_, runtime_, log_);
    EXPECT_TRUE(server_->Start());
  }
  ~ServerTls() override {
    server_->Stop(runtime_.Now());
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(folder_);
  }

  static Response Answer(Request& request) {
    if (request.Path() == "/large") return TextResponse(200, Large());
    if (request.Path() == "/upgrade") {
      Response response;
      response.status = 101;
      response.headers = {{"upgrade", "echo"}, {"connection", "upgrade"}};
      response.upgrade = std::make_shared<Echo>();
      return response;
    }
    if (!request.body.Buffer(kLargeBytes, kNever)) return TextResponse(400, "");
    return TextResponse(200, request.body.bytes());
  }
  Request To(const std::string& path) const {
    Request request;
    request.origin = "https://127.0.0.1:" + std::to_string(server_->port());
    request.target = path;
    return request;
  }
  Result<std::string> Send(Request request) {
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + 20s;
    MG_TRY(response, transport_.Send(request, deadlines, cancel_));
    MG_RETURN_IF_ERROR(response.body.Buffer(kLargeBytes, deadlines.total));
    return response.body.bytes();
  }

  std::string folder_;
  ThreadRuntime runtime_;
  MemoryLog log_;
  CancelToken cancel_;
  FunctionHandler handler_{
      [](Request& request, const Peer&, CancelToken&) { return Answer(request); }};
  HttpTransport transport_{{}, runtime_};
  Mutex mutex_;
  std::vector<std::string> names_;
  std::optional<Server> server_;
};

TEST_F(ServerTls, AnswersOneRequestAfterAnotherOnAConnection) {
  for (const char* text : {"one", "two", "three"}) {
    Request request = To("/");
    request.method = "POST";
    request.body = text;
    const auto answer = Send(request);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, text);
  }
  EXPECT_EQ(server_->connection_count(), 1u);
  EXPECT_EQ(names_, std::vector<std::string>{""});  // an address is no name
}

TEST_F(ServerTls, SendsAndTakesMoreThanFits) {
  const auto large = Send(To("/large"));
  ASSERT_TRUE(large) << large.error().message;
  EXPECT_TRUE(*large == Large());
  Request upload = To("/");
  upload.method = "POST";
  upload.body = Large();
  const auto echoed = Send(upload);
  ASSERT_TRUE(echoed) << echoed.error().message;
  EXPECT_TRUE(*echoed == Large());
}

TEST_F(ServerTls, CarriesAnUpgradedConnection) {
  Request request = To("/upgrade");
  request.headers = {{"upgrade", "echo"}, {"connection", "upgrade"}};
  Deadlines deadlines;
  deadlines.total = runtime_.Now() + 10s;
  auto upgraded = transport_.Upgrade(request, deadlines, cancel_);
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  ASSERT_TRUE(upgraded->duplex);
  std::string back;
  ASSERT_TRUE(upgraded->duplex->Write("hello"));
  while (back.size() < 5) {
    const auto bytes = upgraded->duplex->Read(deadlines.total);
    ASSERT_TRUE(bytes);
    back += *bytes;
  }
  EXPECT_EQ(back, "hello");
  upgraded->duplex->Close();
}

TEST_F(ServerTls, HangsUpOnWhoSpeaksNoTlsAndOnWhoLeaves) {
  RawConnection plain = RawConnection::To(server_->port());
  ASSERT_TRUE(plain.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(plain.ReadTo("HTTP/1.1").find("HTTP/1.1"), std::string::npos);
  { RawConnection half = RawConnection::To(server_->port()); }
  EXPECT_TRUE(Eventually([&] { return server_->connection_count() == 0; }));
  EXPECT_TRUE(Send(To("/")));
}

TEST_F(ServerTls, ProvesNothingToWhoDoesNotTrustIt) {
  ::unsetenv("SSL_CERT_FILE");
  HttpTransport distrustful({}, runtime_);
  Deadlines deadlines;
  deadlines.total = runtime_.Now() + 10s;
  const auto refused = distrustful.Send(To("/"), deadlines, cancel_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("certificate"), std::string::npos);
}

}  // namespace
}  // namespace mg
