// The operators' model map in the registry.
#include <string>
#include <vector>

#include "core/services/registry.h"

namespace mg {
namespace {

constexpr std::string_view kAudit =
    "INSERT INTO audit_log(id, at, actor, action, subject, before, after) "
    "SELECT ?1, ?2, ?3, 'models.put', 'models', (SELECT map FROM model_map WHERE id = 1), ?4 "
    "WHERE NOT EXISTS (SELECT 1 FROM model_map WHERE id = 1 AND map = ?4)";
constexpr std::string_view kWrite =
    "INSERT INTO model_map(id, map, updated_at) VALUES (1, ?1, ?2) ON CONFLICT(id) "
    "DO UPDATE SET map = excluded.map, updated_at = excluded.updated_at WHERE map <> excluded.map";

constexpr std::string_view kRead = "SELECT map FROM model_map WHERE id = 1";

}  // namespace

Status Registry::PutModelMap(std::string_view map_json, std::string_view actor,
                             CancelToken& cancel) {
  const std::string map(map_json);
  const std::int64_t now_ms = runtime_.Wall().ms;
  MG_TRY(written, Read({{std::string(kAudit), {NewId(), now_ms, std::string(actor), map}},
                        {std::string(kWrite), {map, now_ms}}},
                       cancel));
  static_cast<void>(written);
  return Ok();
}

Result<std::string> Registry::GetModelMap(CancelToken& cancel) {
  MG_TRY(reads, Read({{std::string(kRead), {}}}, cancel));
  return reads[0].rows.empty() ? std::string() : reads[0].rows.front().Text("map");
}

}  // namespace mg
