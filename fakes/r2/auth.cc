#include "fakes/r2/auth.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/clients/sigv4.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kMaxSkewMs = 15 * 60 * 1000;
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::size_t kScopeParts = 5;  // key id, day, region, service, terminator

struct Authorization {
  std::string credential;
  std::vector<std::string> signed_headers;
  std::string signature;
};

struct Scope {
  std::string access_key_id;
  std::string day;
  std::string region;
};

// "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=c;d,Signature=e": clients differ in the spaces.
std::optional<Authorization> ParseAuthorization(std::string_view header) {
  if (header.substr(0, kAlgorithm.size()) != kAlgorithm) return std::nullopt;
  header.remove_prefix(kAlgorithm.size());
  if (header.empty() || header.front() != ' ') return std::nullopt;
  Authorization out;
  for (const std::string_view part : Split(header, ',')) {
    const std::string_view field = TrimSpace(part);
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (name == "Credential") out.credential = std::string(value);
    if (name == "Signature") out.signature = std::string(value);
    if (name != "SignedHeaders") continue;
    out.signed_headers.clear();
    for (const std::string_view signed_name : Split(value, ';')) {
      out.signed_headers.emplace_back(signed_name);
    }
  }
  if (out.credential.empty() || out.signature.empty() || out.signed_headers.empty()) {
    return std::nullopt;
  }
  return out;
}

std::optional<int> TwoDigits(std::string_view text, std::size_t at) {
  const auto value = ParseInt(text.substr(at, 2));
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

std::int64_t DaysFromEpoch(std::int64_t year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;  // years that begin on 1 March
  const std::int64_t era = y / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

// "20261122T225103Z", and nothing else.
std::optional<WallTime> ParseAmzDate(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = ParseInt(text.substr(0, 4));
  const auto month = TwoDigits(text, 4);
  const auto day = TwoDigits(text, 6);
  const auto hour = TwoDigits(text, 9);
  const auto minute = TwoDigits(text, 11);
  const auto second = TwoDigits(text, 13);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::int64_t seconds =
      DaysFromEpoch(*year, *month, *day) * 86'400 + *hour * 3600 + *minute * 60 + *second;
  const WallTime at{seconds * 1000};
  // 30 February has no text of its own.
  return AmzDate(at) == text ? std::optional<WallTime>(at) : std::nullopt;
}

std::optional<Response> CheckDate(std::string_view date, bool has_date_header, WallTime now) {
  if (date.empty() && !has_date_header) {
    return S3InvalidArgument("No date provided in x-amz-date nor date header");
  }
  const auto at = ParseAmzDate(date);
  if (!at) {
    return S3InvalidArgument("Date provided in 'x-amz-date' header (" + std::string(date) +
                             ") didn't parse successfully");
  }
  const std::int64_t skew_ms = at->ms > now.ms ? at->ms - now.ms : now.ms - at->ms;
  if (skew_ms <= kMaxSkewMs) return std::nullopt;
  return S3Error(403, "RequestTimeTooSkewed",
                 "The difference between the request time and the server's time is too large.");
}

std::optional<Response> CheckScope(const std::string& credential, std::string_view date,
                                   Scope& scope) {
  std::vector<std::string_view> parts = Split(credential, '/');
  if (parts.size() < kScopeParts) {
    return S3InvalidArgument(
        "Credential sigv4 header should have at least 5 slash-separated parts, not " +
        std::to_string(parts.size()));
  }
  const std::size_t first = parts.size() - (kScopeParts - 1);  // extra slashes are the key id's
  const std::string_view day = parts[first];
  const std::string_view service = parts[first + 2];
  const std::string_view terminator = parts[first + 3];
  if (service != "s3") {
    return S3InvalidArgument("Credential service should be s3, not " + std::string(service));
  }
  if (terminator != "aws4_request") {
    return S3InvalidArgument("Credential termination string should be aws4_request, not " +
                             std::string(terminator));
  }
  if (day != date.substr(0, 8)) {
    return S3InvalidArgument("Credential signed date " + std::string(day) + " does not match " +
                             std::string(date.substr(0, 8)) + " from 'x-amz-date' header");
  }
  const auto id_bytes = static_cast<std::size_t>(day.data() - credential.data()) - 1;
  scope = {credential.substr(0, id_bytes), std::string(day), std::string(parts[first + 1])};
  return std::nullopt;
}

std::string SpacedHex(std::string_view text) {
  const std::string hex = HexEncode(text);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (i > 0) out += ' ';
    out.append(hex, i, 2);
  }
  return out;
}

Response WrongSignature(const std::string& canonical, const std::string& to_sign,
                        const std::string& provided) {
  return S3Error(403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your secret access key and signing method.",
                 {{"StringToSign", to_sign},
                  {"StringToSignBytes", SpacedHex(to_sign)},
                  {"CanonicalRequest", canonical},
                  {"CanonicalRequestBytes", SpacedHex(canonical)},
                  {"SignatureProvided", provided}});
}

bool IsPresigned(const Request& request) {
  return QueryValue(request.Query(), "X-Amz-Credential").has_value() ||
         QueryValue(request.Query(), "X-Amz-Algorithm").has_value();
}

bool SignsHost(const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), "host") != names.end();
}

}  // namespace

std::optional<Response> CheckSignature(const Request& request, const Credentials& credentials,
                                       WallTime now) {
  const Headers& headers = request.headers;
  if (!headers.Has("authorization")) {
    if (IsPresigned(request)) return S3Gap("r2.presigned", "Presigned requests are");
    return S3InvalidArgument("Authorization");
  }
  const std::string payload(headers.Get("x-amz-content-sha256"));
  if (payload.empty()) return S3InvalidRequest("Missing x-amz-content-sha256");
  const std::string_view date =
      headers.Has("x-amz-date") ? headers.Get("x-amz-date") : headers.Get("date");
  if (auto wrong = CheckDate(date, headers.Has("date"), now)) return wrong;
  const auto authorization = ParseAuthorization(headers.Get("authorization"));
  if (!authorization) return S3InvalidRequest("Please use AWS4-HMAC-SHA256");
  Scope scope;
  if (auto wrong = CheckScope(authorization->credential, date, scope)) return wrong;
  const bool known = ConstantTimeEqual(scope.access_key_id, credentials.s3_access_key_id);
  if (!known || !SignsHost(authorization->signed_headers)) {
    return S3Error(401, "Unauthorized", "Unauthorized");
  }
  if (headers.Has("x-amz-security-token")) return S3InvalidArgument("X-Amz-Security-Token");

  const SigV4Key key{scope.access_key_id, credentials.s3_secret_access_key, scope.region};
  const std::string canonical =
      CanonicalRequest(request, headers.Get("host"), authorization->signed_headers, payload);
  if (ConstantTimeEqual(SigV4Signature(canonical, date, key), authorization->signature)) {
    return std::nullopt;
  }
  return WrongSignature(canonical, SigV4StringToSign(canonical, date, key),
                        authorization->signature);
}

std::optional<Response> CheckPayload(const Request& request) {
  const std::string_view declared = request.headers.Get("x-amz-content-sha256");
  if (declared == kUnsignedPayload) return std::nullopt;
  if (declared == Sha256Hex(request.body.bytes())) return std::nullopt;
  return S3Error(400, "XAmzContentSHA256Mismatch",
                 "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

}  // namespace mg::fake
