#include "fakes/access/logins.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/http/host.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kNonceLifetimeMs = 5 * 60 * 1000;
constexpr std::size_t kMaxPending = 1024;
constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::size_t kNonceBytes = 32;
constexpr std::uint64_t kHttpPort = 80;
constexpr std::uint64_t kMaxPort = 65'535;

bool IsUnder(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() + 1 && name.substr(name.size() - domain.size()) == domain &&
         name[name.size() - domain.size() - 1] == '.';
}

}  // namespace

std::optional<std::string> NormalAuthority(std::string_view authority) {
  const std::size_t colon = authority.find(':');
  const auto host = ParseHost(authority.substr(0, colon));
  if (!host || host->is_ip_literal) return std::nullopt;
  if (colon == std::string_view::npos) return host->name;
  const auto port = ParseUint(authority.substr(colon + 1));
  if (!port || *port == 0 || *port > kMaxPort) return std::nullopt;
  return *port == kHttpPort ? host->name : host->name + ":" + std::to_string(*port);
}

bool IsSafeReturnPath(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > kMaxPathBytes) return false;
  // Browsers take "//" and "/\" for the start of a host, and drop tabs and line breaks before that.
  if (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) return false;
  return std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view NameOfAuthority(std::string_view normal_authority) {
  return normal_authority.substr(0, normal_authority.find(':'));
}

bool AccessLogins::IsOurs(std::string_view name) const {
  return name == site_.app_domain || IsUnder(name, site_.app_domain) ||
         name == site_.operator_host ||
         (site_.is_registered_domain && site_.is_registered_domain(name));
}

AccessLogins::Pending AccessLogins::Begin(Pending login) {
  const Json state = {
      {"hostname", login.host}, {"authDomain", site_.team_url}, {"redirect_url", login.path}};
  login.nonce = HexEncode(random_.Bytes(kNonceBytes));
  login.state = Base64UrlEncode(DumpJson(state));
  login.expires_ms = runtime_.Wall().ms + kNonceLifetimeMs;
  const Lock lock(mutex_);
  if (pending_.size() == kMaxPending) pending_.pop_front();
  pending_.push_back(login);
  return login;
}

std::optional<AccessLogins::Pending> AccessLogins::Redeem(std::string_view nonce,
                                                          std::string_view state,
                                                          std::string_view host,
                                                          std::string_view app_session) {
  const auto normal = NormalAuthority(host);
  const std::string session_sha256 = Sha256Hex(app_session);
  const std::int64_t now_ms = runtime_.Wall().ms;
  const Lock lock(mutex_);
  const auto found = std::find_if(pending_.begin(), pending_.end(), [nonce](const Pending& login) {
    return ConstantTimeEqual(login.nonce, nonce);
  });
  if (found == pending_.end()) return std::nullopt;
  Pending login = std::move(*found);
  pending_.erase(found);
  const bool same_browser =
      login.app_session_sha256.empty() || login.app_session_sha256 == session_sha256;
  if (!normal || *normal != login.host || login.state != state || now_ms >= login.expires_ms ||
      !same_browser) {
    return std::nullopt;
  }
  return login;
}

void AccessLogins::Clear() {
  const Lock lock(mutex_);
  pending_.clear();
}

}  // namespace mg::fake
