// The transport over TLS, against Poco's TLS server with a certificate made for the test.
#include <Poco/Net/Context.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "core/adapters/http_transport.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

// A key and a self-signed certificate for `names` ("DNS:localhost"), as files in `folder`.
void WriteCertificate(const std::string& folder, const std::string& names) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  FILE* file = std::fopen((folder + "/key.pem").c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  file = std::fopen((folder + "/cert.pem").c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

class TlsTest : public testing::Test {
 protected:
  using Script = std::function<void(Poco::Net::SecureStreamSocket&)>;

  TlsTest() {
    std::string pattern = testing::TempDir() + "/tls.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TlsTest() override {
    if (task_) {
      RawConnection::To(port_).Close();  // ends a waiting accept
      task_->Join();
    }
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(folder_);
  }

  void Serve(const std::string& names, Script script) {
    WriteCertificate(folder_, names);
    ::setenv("SSL_CERT_FILE", (folder_ + "/cert.pem").c_str(), 1);
    Poco::Net::Context::Ptr context = new Poco::Net::Context(
        Poco::Net::Context::SERVER_USE, folder_ + "/key.pem", folder_ + "/cert.pem", "",
        Poco::Net::Context::VERIFY_NONE, 9, false);
    listener_ = Poco::Net::SecureServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0), 16,
                                              context);
    port_ = listener_.address().port();
    task_ = runtime_.Spawn("tls", [this, script] {
      while (!stopping_) {
        try {
          Poco::Net::StreamSocket accepted = listener_.acceptConnection();
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
  Result<Response> Get(const std::string& host, Nanos limit = 5s) {
    Request request;
    request.origin = "https://" + host + ":" + std::to_string(port_);
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + limit;
    return transport_.Send(request, deadlines, cancel_);
  }

  std::string folder_;
  ThreadRuntime runtime_;
  HttpTransport transport_{HttpTransportOptions{}, runtime_};
  CancelToken cancel_;
  Poco::Net::SecureServerSocket listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::unique_ptr<Task> task_;
};

TEST_F(TlsTest, VerifiesTheServerAndReusesTheConnectionInSpiteOfSessionTickets) {
  std::string heads;
  Serve("DNS:localhost", [&](Poco::Net::SecureStreamSocket& socket) {
    for (std::string head = ReadHead(socket); !head.empty(); head = ReadHead(socket)) {
      heads += head;
      Write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
    stopping_ = true;
  });
  for (int i = 0; i < 3; ++i) {
    Result<Response> response = Get("localhost");
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_TRUE(response->body.Buffer(100, kNever));
    EXPECT_EQ(response->body.bytes(), "ok");
  }
  EXPECT_EQ(connections_, 1);
  cancel_.Cancel();
  transport_.~HttpTransport();
  new (&transport_) HttpTransport({}, runtime_);
}

}  // namespace
}  // namespace mg
