#include "core/services/keys.h"

#include <vector>

#include "core/base/digest.h"
#include "core/services/tenant_sets.h"

namespace mg {
namespace {

constexpr std::size_t kSecretCharacters = 43;  // base64url of 32 bytes
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct KeyHash {
  std::string id;
  std::string sha256;
  std::int64_t limit_per_minute = 0;
};
using KeyHashes = std::vector<KeyHash>;

KeyHashes BuildKeyHashes(const D1Answer& answer) {
  KeyHashes set;
  set.reserve(answer.rows.size());
  for (const D1Row& row : answer.rows) {
    set.push_back({row.Text("id"), row.Text("sha256"), row.Int("limit_per_minute")});
  }
  return set;
}

}  // namespace

bool IsTenantKey(std::string_view text) {
  return text.size() == kTenantKeyPrefix.size() + kSecretCharacters &&
         text.substr(0, kTenantKeyPrefix.size()) == kTenantKeyPrefix &&
         text.find_first_not_of(kBase64Url, kTenantKeyPrefix.size()) == std::string_view::npos;
}

class Keys::Impl {
 public:
  Impl(D1Client* db, Runtime& runtime, Log& log)
      : sets(db, runtime, log,
             "SELECT id, sha256, limit_per_minute FROM tenant_keys "
             "WHERE tenant_id = ?1 AND revoked_at IS NULL ORDER BY id",
             "keys_read_failed", BuildKeyHashes) {}

  TenantSets<KeyHashes> sets;
};

Keys::Keys(D1Client* db, Runtime& runtime, Log& log)
    : impl_(std::make_unique<Impl>(db, runtime, log)) {}
Keys::~Keys() = default;

KeyCheck Keys::Check(std::string_view tenant_id, std::string_view bearer, CancelToken& cancel) {
  KeyCheck check;
  if (!IsTenantKey(bearer)) return check;
  const auto set = impl_->sets.Get(tenant_id, cancel);
  if (set == nullptr) {
    check.outcome = KeyCheck::Outcome::kUnavailable;
    return check;
  }
  const std::string presented = Sha256Hex(bearer);
  // Every hash is compared, found or not: the time says only how many keys there are.
  const KeyHash* match = nullptr;
  for (const KeyHash& key : *set) {
    if (ConstantTimeEqual(presented, key.sha256)) match = &key;
  }
  if (match != nullptr) {
    check = {KeyCheck::Outcome::kAccepted, match->id, match->limit_per_minute};
  }
  return check;
}

void Keys::Drop(std::string_view tenant_id) {
  impl_->sets.Drop(tenant_id);
}

}  // namespace mg
