#include "fakes/r2/auth.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "fakes/r2/dates.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/query.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::size_t kScopeParts = 5;  // key id, day, region, service, terminator

struct Scope {
  std::string access_key_id;
  std::string day;
  std::string region;
};

std::vector<std::string> Names(std::string_view joined) {
  std::vector<std::string> names;
  for (const std::string_view name : Split(joined, ';')) names.emplace_back(name);
  return names;
}

std::optional<Response> UnreadableDate(std::string_view date) {
  return S3InvalidArgument("Date provided in 'x-amz-date' header (" + std::string(date) +
                           ") didn't parse successfully");
}

std::optional<Response> CheckDate(std::string_view date, bool has_date_header, WallTime now) {
  if (date.empty() && !has_date_header) {
    return S3InvalidArgument("No date provided in x-amz-date nor date header");
  }
  const auto at = ParseAmzDate(date);
  if (!at) return UnreadableDate(date);
  const std::int64_t skew_ms = at->ms > now.ms ? at->ms - now.ms : now.ms - at->ms;
  if (skew_ms <= r2::kMaxSkewMs) return std::nullopt;
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

bool SignsHost(const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), "host") != names.end();
}

// Comma and two spaces between names, as the service has it.
std::optional<Response> MissingParameters(const S3Query& query) {
  std::string names;
  int missing = 0;
  for (const char* name : {"X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Date",
                           "X-Amz-SignedHeaders", "X-Amz-Expires"}) {
    if (query.Has(name)) continue;
    names.append(missing++ == 0 ? "" : ",  ").append(name);
  }
  if (missing == 0) return std::nullopt;
  return S3InvalidArgument("Required search parameter" + std::string(missing == 1 ? " " : "s ") +
                           names + " missing");
}

std::optional<Response> CheckExpiry(std::string_view date, const std::string& expires,
                                    WallTime now) {
  const bool negative = !expires.empty() && expires.front() == '-';
  const auto seconds = ParseInt(negative ? expires.substr(1) : expires);
  if (!seconds) return S3InvalidArgument("X-Amz-Expires should be a number");
  if (!negative && *seconds > r2::kMaxExpirySeconds) {
    return S3InvalidArgument(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  }
  const auto at = ParseAmzDate(date);
  if (!at) return UnreadableDate(date);
  if (!negative && *seconds >= 1 && now.ms <= at->ms + *seconds * 1000) return std::nullopt;
  return S3Error(403, "ExpiredRequest", "Request has expired");
}

// The checks that both forms share, from the scope on.
std::optional<Response> CheckSigner(const Request& request, const Credentials& credentials,
                                    const Claim& claim, bool with_token, Signed& out) {
  Scope scope;
  if (auto wrong = CheckScope(claim.credential, claim.amz_date, scope)) return wrong;
  const bool known = ConstantTimeEqual(scope.access_key_id, credentials.s3_access_key_id);
  if (!known || !SignsHost(claim.signed_headers)) {
    return S3Error(401, "Unauthorized", "Unauthorized");
  }
  if (with_token) return S3InvalidArgument("X-Amz-Security-Token");
  out.key = {scope.access_key_id, credentials.s3_secret_access_key, scope.region};
  out.amz_date = claim.amz_date;
  out.signature = claim.signature;
  out.payload = claim.payload;
  const std::string canonical =
      CanonicalRequest(request, request.headers.Get("host"), claim.signed_headers, claim.payload);
  if (ConstantTimeEqual(SigV4Signature(canonical, claim.amz_date, out.key), claim.signature)) {
    return std::nullopt;
  }
  return WrongSignature(canonical, SigV4StringToSign(canonical, claim.amz_date, out.key),
                        claim.signature);
}

std::optional<Response> CheckPresigned(const Request& request, const S3Query& query,
                                       const Credentials& credentials, WallTime now, Signed& out) {
  if (auto missing = MissingParameters(query)) return missing;
  if (query.Get("X-Amz-Algorithm") != kAlgorithm) {
    return S3InvalidRequest("Please use AWS4-HMAC-SHA256");
  }
  Claim claim;
  claim.credential = query.Get("X-Amz-Credential");
  claim.signed_headers = Names(query.Get("X-Amz-SignedHeaders"));
  claim.signature = query.Get("X-Amz-Signature");
  claim.amz_date = query.Get("X-Amz-Date");
  claim.payload = std::string(kUnsignedPayload);
  if (auto wrong = CheckExpiry(claim.amz_date, query.Get("X-Amz-Expires"), now)) return wrong;
  out.presigned = true;
  return CheckSigner(request, credentials, claim, query.Has("X-Amz-Security-Token"), out);
}

}  // namespace

std::optional<Claim> ParseAuthorization(std::string_view header) {
  if (header.substr(0, kAlgorithm.size()) != kAlgorithm) return std::nullopt;
  header.remove_prefix(kAlgorithm.size());
  if (header.empty() || header.front() != ' ') return std::nullopt;
  Claim out;
  for (const std::string_view part : Split(header, ',')) {
    const std::string_view field = TrimSpace(part);
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (name == "Credential") out.credential = std::string(value);
    if (name == "Signature") out.signature = std::string(value);
    if (name == "SignedHeaders") out.signed_headers = Names(value);
  }
  if (out.credential.empty() || out.signature.empty() || out.signed_headers.empty()) {
    return std::nullopt;
  }
  return out;
}

std::optional<Response> CheckSignature(const Request& request, const Credentials& credentials,
                                       WallTime now, Signed& out) {
  const Headers& headers = request.headers;
  if (!headers.Has("authorization")) {
    const S3Query query(request.Query());
    if (!query.Has("X-Amz-Credential")) return S3InvalidArgument("Authorization");
    return CheckPresigned(request, query, credentials, now, out);
  }
  if (headers.Get("x-amz-content-sha256").empty()) {
    return S3InvalidRequest("Missing x-amz-content-sha256");
  }
  const std::string_view date =
      headers.Has("x-amz-date") ? headers.Get("x-amz-date") : headers.Get("date");
  if (auto wrong = CheckDate(date, headers.Has("date"), now)) return wrong;
  auto claim = ParseAuthorization(headers.Get("authorization"));
  if (!claim) return S3InvalidRequest("Please use AWS4-HMAC-SHA256");
  claim->amz_date = std::string(date);
  claim->payload = std::string(headers.Get("x-amz-content-sha256"));
  return CheckSigner(request, credentials, *claim, headers.Has("x-amz-security-token"), out);
}

}  // namespace mg::fake
