// A certificate authority of this machine's own, for `up --tls`: made at first use, kept in a
// folder, good for the application's domain and loopback addresses alone (name constraints), so
// that trusting it in a browser gives nothing else away.
//
// Thread-safety: all members.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg {

class LocalAuthority {
 public:
  // {folder}/ca.pem and, with `keeps_key`, {folder}/ca.key (both 0600); one that has expired, or is
  // for another domain, is made anew. Errors: kUnavailable (the folder), kInternal (OpenSSL).
  static Result<std::shared_ptr<LocalAuthority>> Open(const std::string& folder, bool keeps_key,
                                                      const std::string& domain, Random& random,
                                                      const Runtime& runtime);
  ~LocalAuthority();

  const std::string& certificate_path() const { return certificate_path_; }
  const std::string& server_key() const { return server_key_; }  // of all certificates, as PEM
  // As PEM; for "" that of loopback addresses. "" for a name outside the domain.
  std::string CertificateFor(const std::string& host);

 private:
  struct Signer;
  LocalAuthority(std::unique_ptr<Signer> signer, std::string certificate_path,
                 std::string server_key);

  const std::unique_ptr<Signer> signer_;
  const std::string certificate_path_;
  const std::string server_key_;
  Mutex mutex_;
  std::map<std::string, std::string> certificates_;  // by host; bounded
};

}  // namespace mg
