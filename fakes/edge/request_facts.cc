#include "fakes/edge/request_facts.h"

#include <algorithm>
#include <vector>

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

constexpr std::string_view kForwardedFor = "x-forwarded-for";
constexpr std::string_view kLoop = "cdn-loop";
constexpr std::string_view kOurLoop = "cloudflare";
constexpr std::string_view kLoopsParameter = "loops=";
constexpr std::string_view kEdgeHeaders[] = {
    "cf-connecting-ip", "cf-connecting-ipv6", "cf-pseudo-ipv4", "cf-ray",
    "cf-ipcountry",     "cf-visitor",         "cf-worker",      "cf-ew-via",
    "true-client-ip",   "x-forwarded-proto",
};
constexpr std::string_view kIdentityPrefix = "cf-access-authenticated-";

template <class Unwanted>
void RemoveAll(Headers& headers, Unwanted unwanted) {
  std::vector<std::string> names;
  for (const Headers::Line& line : headers.lines())
    if (unwanted(line.name)) names.push_back(line.name);
  for (const std::string& name : names) headers.Remove(name);
}

bool IsOurLoop(std::string_view entry) {
  return EqualsIgnoreCase(TrimSpace(entry.substr(0, entry.find(';'))), kOurLoop);
}

// One of ours without a count stands for one time.
int LoopsOfEntry(std::string_view entry) {
  for (const std::string_view part : Split(entry, ';')) {
    const std::string_view parameter = TrimSpace(part);
    if (parameter.substr(0, kLoopsParameter.size()) != kLoopsParameter) continue;
    const auto loops = ParseUint(parameter.substr(kLoopsParameter.size()));
    return static_cast<int>(std::min<std::uint64_t>(loops.value_or(kLoopLimit), kLoopLimit));
  }
  return 1;
}

// As at Cloudflare: what the client sent stays in front, so that its first element proves nothing.
void AppendForwardedFor(Headers& headers, std::string_view address) {
  std::string chain;
  for (const std::string_view value : headers.GetAll(kForwardedFor)) chain.append(value) += ", ";
  headers.Set(kForwardedFor, chain.append(address));
}

// Other networks' entries stay.
void SayLoop(Headers& headers, int loops) {
  std::string chain;
  for (const std::string_view value : headers.GetAll(kLoop)) {
    for (const std::string_view entry : Split(value, ',')) {
      if (!IsOurLoop(entry) && !TrimSpace(entry).empty()) chain.append(TrimSpace(entry)) += ", ";
    }
  }
  chain += kOurLoop;
  if (loops > 0) chain.append("; ").append(kLoopsParameter) += std::to_string(loops + 1);
  headers.Set(kLoop, chain);
}

}  // namespace

void StripClaims(Headers& headers) {
  for (const std::string_view name : kEdgeHeaders) headers.Remove(name);
  RemoveAll(headers, [](std::string_view name) {
    return EqualsIgnoreCase(name.substr(0, kIdentityPrefix.size()), kIdentityPrefix);
  });
}

void DropDottedHeaders(Headers& headers) {
  RemoveAll(headers,
            [](std::string_view name) { return name.find('.') != std::string_view::npos; });
}

int LoopsOf(const Headers& headers) {
  int loops = 0;
  for (const std::string_view value : headers.GetAll(kLoop)) {
    for (const std::string_view entry : Split(value, ','))
      if (IsOurLoop(entry)) loops = std::min(loops + LoopsOfEntry(entry), kLoopLimit);
  }
  return loops;
}

void SayFacts(const RequestFacts& facts, Headers& headers) {
  const std::string scheme = facts.https ? "https" : "http";
  headers.Set("cf-connecting-ip", facts.address);
  headers.Set("cf-ray", facts.ray);
  headers.Set("cf-ipcountry", facts.country);
  headers.Set("cf-visitor", "{\"scheme\":\"" + scheme + "\"}");
  headers.Set("cf-ew-via", std::to_string(kLoopLimit - facts.loops));
  headers.Set("x-forwarded-proto", scheme);
  AppendForwardedFor(headers, facts.address);
  SayLoop(headers, facts.loops);
}

}  // namespace mg::fake
