#include <cstddef>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/services/models.h"

namespace mg {
namespace {

constexpr std::size_t kMaxValueCharacters = 64;
constexpr std::string_view kDefaultPlatform = "web";
constexpr std::string_view kDefaultWorkload = "chat";

bool IsContinuationByte(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

std::string_view FirstCharacters(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsContinuationByte(text[i])) continue;
    if (++characters > kMaxValueCharacters) return text.substr(0, i);
  }
  return text;
}

std::string_view KnownWorkload(std::string_view workload) {
  for (std::string_view known : {"chat", "summarization", "analysis"})
    if (workload == known) return known;
  return kDefaultWorkload;
}

}  // namespace

std::string MetadataJson(const Tenant& tenant, std::string_view workload) {
  const bool has_platform = !tenant.platform.empty() && IsValidUtf8(tenant.platform);
  const std::string_view platform =
      has_platform ? std::string_view(tenant.platform) : kDefaultPlatform;
  const Json metadata = {{"platform", FirstCharacters(platform)},
                         {"tier", tenant.tier == Tier::kFree ? "free" : "premium"},
                         {"workload", KnownWorkload(workload)},
                         {"sandbox_id", FirstCharacters(tenant.sandbox_id)}};
  // A header value: nothing outside printable ASCII.
  return metadata.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace mg
