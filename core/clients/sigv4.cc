#include "core/clients/sigv4.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"

namespace mg {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kDateHeader = "x-amz-date";
constexpr std::string_view kPayloadHeader = "x-amz-content-sha256";
constexpr std::string_view kSignatureParameter = "X-Amz-Signature";  // not part of what it signs
constexpr std::size_t kDayDigits = 8;
constexpr std::int64_t kSecondsPerDay = 86'400;

struct CivilDate {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

// Days since the epoch to the Gregorian calendar, in 400-year eras that begin on 1 March.
CivilDate DateOfDay(std::int64_t day) {
  const std::int64_t shifted = day + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(shifted - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned march_month = (5 * day_of_year + 2) / 153;
  const unsigned day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
  const unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_month};
}

// One spelling per value: decoded, then encoded by AWS's rule. A bad escape stands for itself.
std::string Recoded(std::string_view text) {
  const auto decoded = PercentDecode(text);
  return PercentEncode(decoded ? std::string_view(*decoded) : text);
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : Split(query, '&')) {
    const std::size_t equals = part.find('=');
    if (part.empty() || part.substr(0, equals) == kSignatureParameter) continue;
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    pairs.emplace_back(Recoded(part.substr(0, equals)), Recoded(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& pair : pairs) {
    if (!out.empty()) out += '&';
    out.append(pair.first).append("=").append(pair.second);
  }
  return out;
}

void AppendCollapsed(std::string& out, std::string_view value) {
  bool after_space = false;
  for (const char c : TrimSpace(value)) {
    const bool space = c == ' ' || c == '\t';
    if (!space || !after_space) out += space ? ' ' : c;
    after_space = space;
  }
}

std::string CanonicalHeaderValue(const Request& request, std::string_view host,
                                 std::string_view name) {
  std::string out;
  if (name == "host") {
    AppendCollapsed(out, host);
    return out;
  }
  bool first = true;
  for (const std::string_view value : request.headers.GetAll(name)) {
    if (!first) out += ',';
    AppendCollapsed(out, value);
    first = false;
  }
  return out;
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ';';
    out += name;
  }
  return out;
}

std::string Scope(std::string_view amz_date, const SigV4Key& key) {
  std::string out(amz_date.substr(0, kDayDigits));
  out.append("/").append(key.region).append("/").append(key.service).append("/");
  return out.append(kTerminator);
}

std::string SigningKey(std::string_view amz_date, const SigV4Key& key) {
  std::string signing_key =
      HmacSha256("AWS4" + key.secret_access_key, amz_date.substr(0, kDayDigits));
  for (const std::string_view part :
       {std::string_view(key.region), std::string_view(key.service), kTerminator}) {
    signing_key = HmacSha256(signing_key, part);
  }
  return signing_key;
}

}  // namespace

std::string AmzDate(WallTime at) {
  std::int64_t day = at.seconds() / kSecondsPerDay;
  std::int64_t second = at.seconds() % kSecondsPerDay;
  if (second < 0) {
    second += kSecondsPerDay;
    --day;
  }
  const CivilDate date = DateOfDay(day);
  char text[40];
  const int size = std::snprintf(text, sizeof text, "%04lld%02u%02uT%02d%02d%02dZ",
                                 static_cast<long long>(date.year), date.month, date.day,
                                 static_cast<int>(second / 3600),
                                 static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  return std::string(text, static_cast<std::size_t>(size));
}

std::string CanonicalRequest(const Request& request, std::string_view host,
                             const std::vector<std::string>& signed_headers,
                             std::string_view payload_sha256_hex) {
  std::string out = request.method;
  out.append("\n").append(request.Path()).append("\n");
  out.append(CanonicalQuery(request.Query())).append("\n");
  for (const std::string& name : signed_headers) {
    out.append(name).append(":").append(CanonicalHeaderValue(request, host, name)).append("\n");
  }
  out.append("\n").append(JoinNames(signed_headers)).append("\n");
  return out.append(payload_sha256_hex);
}

std::string SigV4StringToSign(std::string_view canonical_request, std::string_view amz_date,
                              const SigV4Key& key) {
  std::string out(kAlgorithm);
  out.append("\n").append(amz_date).append("\n").append(Scope(amz_date, key)).append("\n");
  return out.append(Sha256Hex(canonical_request));
}

std::string SigV4Signature(std::string_view canonical_request, std::string_view amz_date,
                           const SigV4Key& key) {
  const std::string to_sign = SigV4StringToSign(canonical_request, amz_date, key);
  return HexEncode(HmacSha256(SigningKey(amz_date, key), to_sign));
}

std::string SigV4PartSignature(const SigV4Key& key, std::string_view amz_date,
                               std::string_view algorithm, std::string_view previous,
                               std::string_view hashes) {
  std::string to_sign(algorithm);
  to_sign.append("\n").append(amz_date).append("\n").append(Scope(amz_date, key)).append("\n");
  to_sign.append(previous).append("\n").append(hashes);
  return HexEncode(HmacSha256(SigningKey(amz_date, key), to_sign));
}

void SignRequest(Request& request, std::string_view host, const SigV4Key& key, WallTime at,
                 std::string_view payload_sha256_hex) {
  const std::string date = AmzDate(at);
  request.headers.Set(kDateHeader, date);
  request.headers.Set(kPayloadHeader, payload_sha256_hex);

  std::vector<std::string> names{"host"};
  for (const Headers::Line& line : request.headers.lines()) {
    std::string name = AsciiLower(line.name);
    if (name.compare(0, 6, "x-amz-") == 0) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());

  const std::string canonical = CanonicalRequest(request, host, names, payload_sha256_hex);
  std::string authorization(kAlgorithm);
  authorization.append(" Credential=").append(key.access_key_id).append("/");
  authorization.append(Scope(date, key)).append(", SignedHeaders=").append(JoinNames(names));
  authorization.append(", Signature=").append(SigV4Signature(canonical, date, key));
  request.headers.Set("authorization", authorization);
}

}  // namespace mg
