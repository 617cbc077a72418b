// Every answer that says no: status, code and text in one table.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/gateway/exchange.h"

namespace mg {

enum class Refusal {
  kBadHost,
  kNotFound,
  kMethodNotAllowed,
  kUpgradeUnsupported,
  kBindingsMissing,
  kTooManyFailures,
  kSandboxToken,
  kTenantNotFound,
  kRegistryUnavailable,
  kIdentityMismatch,
  kTooManyInFlight,
  kRateLimited,
  kAccessRefused,
  kAccessUnavailable,
  kNotMember,
  kWrongOrigin,
  kKeyRefused,
  kKeysUnavailable,
  kUnsupportedMedia,
  kBodyTooLarge,
  kBodyTimeout,
  kBodyTooSlow,
  kMalformedJson,
  kInvalidInput,
  kConflict,
  kModelNotFound,
  kModelTimedOut,
  kModelRateLimited,
  kModelFailed,
  kSandboxUnavailable,
  kSandboxFailed,
  kNotBuilt,
};

struct RefusalText {
  Refusal refusal;
  int status;
  std::string_view code;
  std::string_view message;      // what the caller reads
  std::string_view openai_type;  // on /v1
};

const RefusalText& TextOf(Refusal refusal);

// In the shape the caller expects: OpenAI's on model paths, HTML for a browser, else {"error",
// "code"}. `detail` replaces the table's message (validation errors that name what was wrong).
Response Refuse(const Exchange& exchange, Refusal refusal, std::string_view detail = "");
// 400 that names the member which is wrong; OpenAI's shape has a place for it.
Response RefuseInput(const Exchange& exchange, std::string_view param, std::string_view message);
// A model's own refusal, in OpenAI's shape: what it said, and its code when it gave one.
Response RefuseAsModelDid(const Exchange& exchange, int status, const AiFailure& failure);
Response RefuseWithRetryAfter(const Exchange& exchange, Refusal refusal, std::int64_t seconds,
                              std::string_view detail = "");
// 429 {error, code, limit, retryAfterSeconds} (LIM-3).
Response RefuseOverLimit(const Exchange& exchange, Refusal refusal, const Allowance& allowance);
// 503 {error, code, missing[]} (BND-1).
Response RefuseMissing(const Exchange& exchange, const std::vector<std::string>& missing);

}  // namespace mg
