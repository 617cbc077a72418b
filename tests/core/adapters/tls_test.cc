// The transport over TLS, against Poco's TLS server with a certificate made for the test.
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "core/adapters/http_transport.h"
#include "tests/core/adapters/certificate.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

class TlsTest : public testing::Test {
 protected:
  using Script = std::function<void(Poco::Net::SecureStreamSocket&)>;

  TlsTest() {
    std::string pattern = testing::TempDir() + "/tls.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TlsTest() override {
    stopping_ = true;
    transport_.reset();                // ends the script of a pooled connection
    RawConnection::To(port_).Close();  // ends a waiting accept
    task_->Join();
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(folder_);
  }

  void Serve(const std::string& names, Script script) {
    WriteCertificate(folder_, names);
    ::setenv("SSL_CERT_FILE", (folder_ + "/cert.pem").c_str(), 1);
    Poco::Net::Context::Ptr context = new Poco::Net::Context(
        Poco::Net::Context::SERVER_USE, folder_ + "/key.pem", folder_ + "/cert.pem", "",
        Poco::Net::Context::VERIFY_NONE, 9, false);
    listener_ = std::make_unique<Poco::Net::SecureServerSocket>(
        Poco::Net::SocketAddress("127.0.0.1", 0), 16, context);
    port_ = listener_->address().port();
    task_ = runtime_.Spawn("tls", [this, script] {
      while (!stopping_) {
        try {
          Poco::Net::StreamSocket accepted = listener_->acceptConnection();
          Poco::Net::SecureStreamSocket socket(accepted);
          ++connections_;
          script(socket);
        } catch (const std::exception&) {
        }
      }
    });
  }
  static std::string ReadHead(Poco::Net::SecureStreamSocket& socket) {
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == std::string::npos && socket.receiveBytes(&byte, 1) == 1) {
      head += byte;
    }
    return head;
  }
  static void Write(Poco::Net::SecureStreamSocket& socket, const std::string& text) {
    socket.sendBytes(text.data(), static_cast<int>(text.size()));
  }
  static Script AnswerEach(const std::string& body) {
    return [body](Poco::Net::SecureStreamSocket& socket) {
      while (!ReadHead(socket).empty()) {
        Write(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                          "\r\n\r\n" + body);
      }
    };
  }
  std::string Origin(const std::string& host) const {
    return "https://" + host + ":" + std::to_string(port_);
  }
  Result<Response> Get(const std::string& host) { return Send(Request{}, host); }
  Result<Response> Send(Request request, const std::string& host) {
    request.origin = Origin(host);
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + 5s;
    return transport_->Send(request, deadlines, cancel_);
  }
  static std::string Text(Result<Response> response) {
    if (!response) return "error: " + response.error().message;
    const Status buffered = response->body.Buffer(100'000'000, kNever);
    return buffered ? response->body.bytes() : "error: " + buffered.error().message;
  }

  std::string folder_;
  ThreadRuntime runtime_;
  std::unique_ptr<HttpTransport> transport_ =
      std::make_unique<HttpTransport>(HttpTransportOptions{}, runtime_);
  CancelToken cancel_;
  std::unique_ptr<Poco::Net::SecureServerSocket> listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::unique_ptr<Task> task_;
};

TEST_F(TlsTest, VerifiesTheServerAndReusesTheConnectionInSpiteOfSessionTickets) {
  Serve("DNS:localhost", AnswerEach("ok"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Text(Get("localhost")), "ok");
  EXPECT_EQ(connections_, 1);
}

TEST_F(TlsTest, VerifiesAnAddressToo) {
  Serve("IP:127.0.0.1", AnswerEach("ok"));
  EXPECT_EQ(Text(Get("127.0.0.1")), "ok");
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
  Serve("DNS:other.example,IP:127.0.0.2", AnswerEach("secret"));
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const Result<Response> response = Get(host);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Code::kUnavailable);
    EXPECT_NE(response.error().message.find("mismatch"), std::string::npos)
        << response.error().message;
  }
}

TEST_F(TlsTest, RefusesACertificateThatNobodyKnownHasSigned) {
  Serve("DNS:localhost", AnswerEach("secret"));
  ::setenv("SSL_CERT_FILE", "/dev/null", 1);
  const Result<Response> response = Get("localhost");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_NE(response.error().message.find("certificate"), std::string::npos)
      << response.error().message;
}

TEST_F(TlsTest, RefusesAServerThatDoesNotSpeakTls) {
  Serve("DNS:localhost", AnswerEach("ok"));
  ServerFixture plain([](Request&, const Peer&, CancelToken&) { return Response{}; });
  Request request;
  request.origin = "https://127.0.0.1:" + std::to_string(plain.port());
  EXPECT_EQ(transport_->Send(request, {}, cancel_).error().code, Code::kUnavailable);
}

TEST_F(TlsTest, CarriesLargeBodiesBothWays) {
  const std::string large(3'000'000, 'x');
  Serve("DNS:localhost", [&](Poco::Net::SecureStreamSocket& socket) {
    ReadHead(socket);
    std::string body;
    while (body.size() < large.size()) {
      char piece[65536];
      const int n = socket.receiveBytes(piece, sizeof piece);
      if (n <= 0) return;
      body.append(piece, static_cast<std::size_t>(n));
    }
    Write(socket,
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  Request request;
  request.method = "PUT";
  request.body = large;
  EXPECT_EQ(Text(Send(std::move(request), "localhost")), large);
}

TEST_F(TlsTest, ABodyThatEndsWithItsConnectionNeedsTlssOwnGoodbye) {
  Serve("DNS:localhost", [this](Poco::Net::SecureStreamSocket& socket) {
    ReadHead(socket);
    Write(socket, "HTTP/1.1 200 OK\r\n\r\nto the end");
    if (connections_ == 1) {
      socket.shutdown();
    } else {
      ::shutdown(socket.impl()->sockfd(), SHUT_RDWR);
    }
  });
  EXPECT_EQ(Text(Get("localhost")), "to the end");
  EXPECT_EQ(Text(Get("localhost")), "error: the answer was cut (truncated)");
}

TEST_F(TlsTest, AServerThatIsSilentInTheHandshakeIsGivenUpAtTheDeadline) {
  Serve("DNS:localhost", AnswerEach("ok"));
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);  // accepts in the kernel, and says nothing
  socklen_t length = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  Request request;
  request.origin = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  Deadlines deadlines;
  deadlines.total = runtime_.Now() + 50ms;
  EXPECT_EQ(transport_->Send(request, deadlines, cancel_).error().code, Code::kTimeout);
  ::close(listener);
}

TEST_F(TlsTest, CarriesAnUpgradedConnection) {
  Serve("DNS:localhost", [](Poco::Net::SecureStreamSocket& socket) {
    ReadHead(socket);
    Write(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n");
    char piece[100];
    for (int n = socket.receiveBytes(piece, sizeof piece); n > 0;
         n = socket.receiveBytes(piece, sizeof piece)) {
      socket.sendBytes(piece, n);
    }
  });
  Request request;
  request.origin = Origin("localhost");
  request.headers.Add("Upgrade", "echo");
  Result<Upgraded> upgraded = transport_->Upgrade(request, {}, cancel_);
  ASSERT_TRUE(upgraded && upgraded->duplex);
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(upgraded->duplex->Write(text));
    EXPECT_EQ(upgraded->duplex->Read(kNever).value(), text);
  }
  upgraded->duplex->Close();
}

}  // namespace
}  // namespace mg
