#include "emulator/seeding.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/adapters/http_transport.h"
#include "core/adapters/small_adapters.h"
#include "core/adapters/thread_runtime.h"
#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/clients/r2.h"
#include "core/gateway/assembly.h"
#include "core/services/registry.h"
#include "fakes/plain_json.h"
#include "scenarios/run/values.h"

namespace mg {
namespace {

using scenario::Source;

constexpr std::string_view kActor = "moltgate up --seed";

Result<std::string> ReadFromDisk(const std::string& path) {
  FileDisk disk;
  return disk.Read(path);
}

const std::vector<JsoncNode>& ItemsOf(const JsoncNode& node, std::string_view key) {
  static const std::vector<JsoncNode> none;
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? none : found->items;
}

std::string TextOf(const JsoncNode& node, std::string_view key, std::string_view fallback = "") {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? std::string(fallback) : found->text;
}

// One text, or the lines of one.
std::string LinesOf(const JsoncNode& node) {
  if (node.kind != JsoncNode::Kind::kArray) return node.text;
  std::string text;
  for (const JsoncNode& line : node.items) text += line.text + "\n";
  return text;
}

std::string QuotedName(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

class Seeder {
 public:
  Seeder(const Source& document, Emulator& emulator, std::string state_folder)
      : document_(document), emulator_(emulator), state_folder_(std::move(state_folder)) {}

  Result<SeedKeys> Run();

 private:
  Status Tenants();
  Status Tenant(const JsoncNode& tenant);
  Status Keys(const JsoncNode& tenant, const std::string& slug);
  Status Values();
  Status Objects();
  Result<std::string> ObjectBytes(const JsoncNode& object) const;
  Status Tables();
  Status Row(D1Client& db, const std::string& table, const JsoncNode& row);
  Status LoadKeys();
  Status SaveKeys() const;
  std::string KeysPath() const { return state_folder_ + "/seed-keys.json"; }

  // Where in the file it went wrong.
  Error At(const JsoncNode& node, const std::string& message) const {
    return {Code::kInvalid, scenario::ProblemText({document_.path, node.at, message}), false};
  }
  Status Checked(const JsoncNode& node, const Status& done) const {
    return done ? Ok() : Status(At(node, done.error().message));
  }

  const Source& document_;
  Emulator& emulator_;
  const std::string state_folder_;
  SeedKeys kept_, keys_;
  ThreadRuntime runtime_;
  HttpTransport transport_{{}, runtime_};
  CancelToken cancel_;
};

Result<SeedKeys> Seeder::Run() {
  MG_RETURN_IF_ERROR(LoadKeys());
  MG_RETURN_IF_ERROR(Tenants());
  MG_RETURN_IF_ERROR(SaveKeys());
  MG_RETURN_IF_ERROR(Values());
  MG_RETURN_IF_ERROR(Objects());
  MG_RETURN_IF_ERROR(Tables());
  return keys_;
}

Status Seeder::LoadKeys() {
  if (state_folder_.empty()) return Ok();
  auto text = ReadFromDisk(KeysPath());
  if (!text) return text.error().code == Code::kNotFound ? Ok() : Status(text.error());
  const auto json = ParseJson(*text);
  if (!json || !json->is_object())
    return Error{Code::kCorrupt, KeysPath() + " is no JSON object", false};
  for (const auto& [name, secret] : json->items())
    if (secret.is_string()) kept_[name] = secret.get<std::string>();
  return Ok();
}

Status Seeder::SaveKeys() const {
  if (state_folder_.empty() || keys_ == kept_) return Ok();
  Json json = Json::object();
  for (const auto& [name, secret] : kept_) json[name] = secret;
  for (const auto& [name, secret] : keys_) json[name] = secret;
  FileDisk disk;
  return disk.Replace(KeysPath(), DumpJson(json));
}

Status Seeder::Tenants() {
  const JsoncNode* tenants = document_.root.Find("tenants");
  if (tenants == nullptr) return Ok();
  if (!emulator_.has_gateway() || !emulator_.has_d1_fake())
    return At(*tenants, "tenants need the gateway and the D1 fake, and both do not run here");
  for (const JsoncNode& tenant : tenants->items) MG_RETURN_IF_ERROR(Tenant(tenant));
  return Ok();
}

Status Seeder::Tenant(const JsoncNode& tenant) {
  Registry& registry = *emulator_.assembly().services().registry;
  const JsoncNode& named = *tenant.Find("slug");
  const NewTenant wanted{named.text, TextOf(tenant, "tier", "free"), TextOf(tenant, "platform")};
  auto there = registry.GetTenant(wanted.slug, cancel_);
  if (!there && there.error().code == Code::kNotFound)
    there = registry.CreateTenant(wanted, kActor, cancel_);
  if (!there) return At(named, there.error().message);
  TenantPatch patch;
  if (tenant.Find("tier") != nullptr && wanted.tier != there->tier) patch.tier = wanted.tier;
  if (tenant.Find("platform") != nullptr && wanted.platform != there->platform)
    patch.platform = wanted.platform;
  if (patch.tier || patch.platform) {
    auto patched = registry.PatchTenant(wanted.slug, patch, kActor, cancel_);
    if (!patched) return At(tenant, patched.error().message);
  }
  const auto& domains = there->domains;
  for (const JsoncNode& domain : ItemsOf(tenant, "domains")) {
    if (std::find(domains.begin(), domains.end(), domain.text) != domains.end()) continue;
    MG_RETURN_IF_ERROR(
        Checked(domain, registry.PutDomain(wanted.slug, domain.text, kActor, cancel_)));
  }
  MG_TRY(members, registry.ListMembers(wanted.slug, cancel_));
  for (const JsoncNode& member : ItemsOf(tenant, "members")) {
    if (std::find(members.begin(), members.end(), member.text) != members.end()) continue;
    MG_RETURN_IF_ERROR(
        Checked(member, registry.PutMember(wanted.slug, member.text, kActor, cancel_)));
  }
  return Keys(tenant, wanted.slug);
}

// A key is known by its name: one that is there, or was revoked since, is not made again.
Status Seeder::Keys(const JsoncNode& tenant, const std::string& slug) {
  Registry& registry = *emulator_.assembly().services().registry;
  MG_TRY(there, registry.ListKeys(slug, cancel_));
  for (const JsoncNode& key : ItemsOf(tenant, "keys")) {
    const std::string name = TextOf(key, "name");
    std::string id = slug;
    id.append("/").append(name);
    const auto kept = kept_.find(id);
    const bool exists = std::any_of(there.begin(), there.end(),
                                    [&](const KeyRecord& one) { return one.name == name; });
    if (exists) {
      if (kept != kept_.end()) keys_.insert(*kept);
      continue;
    }
    const JsoncNode* limit = key.Find("limit_per_minute");
    const auto per_minute = limit == nullptr ? 0 : static_cast<std::int64_t>(limit->number);
    auto made = registry.CreateKey(slug, name, per_minute, kActor, cancel_);
    if (!made) return At(key, made.error().message);
    keys_[id] = made->secret;
    MG_RETURN_IF_ERROR(SaveKeys());
  }
  return Ok();
}

Status Seeder::Values() {
  const JsoncNode* values = document_.root.Find("kv");
  if (values == nullptr) return Ok();
  if (!emulator_.has_kv_fake())
    return At(*values, "TENANT_KV is no fake here, and a seed fills fakes alone");
  KvClient client(transport_, runtime_, *emulator_.settings().bindings.kv);
  for (const JsoncNode& value : values->items) {
    const JsoncNode* json = value.Find("json");
    const std::string text =
        json == nullptr ? TextOf(value, "value") : DumpJson(fake::PlainJson(*json));
    std::int64_t ttl_s = 0;
    if (const JsoncNode* ttl = value.Find("ttl"))
      ttl_s = std::chrono::duration_cast<std::chrono::seconds>(
                  scenario::DurationOf(ttl->text).value_or(Nanos::zero()))
                  .count();
    MG_RETURN_IF_ERROR(Checked(value, client.Put(TextOf(value, "key"), text, ttl_s, cancel_)));
  }
  return Ok();
}

Result<std::string> Seeder::ObjectBytes(const JsoncNode& object) const {
  if (const JsoncNode* text = object.Find("text")) return LinesOf(*text);
  if (const JsoncNode* json = object.Find("json")) return DumpJson(fake::PlainJson(*json));
  if (const JsoncNode* base64 = object.Find("base64")) {
    auto bytes = Base64Decode(base64->text);
    return bytes ? Result<std::string>(std::move(*bytes))
                 : Result<std::string>(At(*base64, "this is no base64"));
  }
  const JsoncNode& file = *object.Find("file");
  auto bytes =
      ReadFromDisk((std::filesystem::path(document_.path).parent_path() / file.text).string());
  return bytes ? std::move(bytes) : Result<std::string>(At(file, bytes.error().message));
}

Status Seeder::Objects() {
  const JsoncNode* objects = document_.root.Find("objects");
  if (objects == nullptr) return Ok();
  if (!emulator_.has_r2_fake())
    return At(*objects, "MOLTBOT_BUCKET is no fake here, and a seed fills fakes alone");
  R2Client client(transport_, runtime_, *emulator_.settings().bindings.bucket);
  for (const JsoncNode& object : objects->items) {
    MG_TRY(bytes, ObjectBytes(object));
    auto put = client.Put(TextOf(object, "key"), bytes, cancel_);
    if (!put) return At(object, put.error().message);
  }
  return Ok();
}

Status Seeder::Tables() {
  const JsoncNode* tables = document_.root.Find("d1");
  if (tables == nullptr) return Ok();
  if (!emulator_.has_d1_fake())
    return At(*tables, "TENANT_DB is no fake here, and a seed fills fakes alone");
  D1Client db(transport_, runtime_, *emulator_.settings().bindings.db);
  for (const JsoncNode& table : tables->items) {
    if (const JsoncNode* sql = table.Find("sql"))
      MG_RETURN_IF_ERROR(Checked(*sql, db.Execute(LinesOf(*sql), cancel_)));
    for (const JsoncNode& row : ItemsOf(table, "rows"))
      MG_RETURN_IF_ERROR(Row(db, TextOf(table, "table"), row));
  }
  return Ok();
}

// A row that is there as it is stays; one with the same unique columns becomes this one. Numbers
// stand in the text: D1 takes those that are bound for fractions.
Status Seeder::Row(D1Client& db, const std::string& table, const JsoncNode& row) {
  D1Statement insert;
  std::string names, values, same, changed;
  for (const JsoncNode::Member& column : row.members) {
    const char* comma = names.empty() ? "" : ", ";
    const std::string name = QuotedName(column.key);
    std::string value = column.value.text;
    if (column.value.kind == JsoncNode::Kind::kNull) value = "NULL";
    if (column.value.kind == JsoncNode::Kind::kBool) value = column.value.boolean ? "1" : "0";
    if (column.value.kind == JsoncNode::Kind::kString) {
      insert.params.emplace_back(column.value.text);
      value = "?" + std::to_string(insert.params.size());
    }
    names.append(comma).append(name);
    values.append(comma).append(value);
    same.append(same.empty() ? "" : " AND ").append(name).append(" IS ").append(value);
    changed.append(comma).append(name).append(" = excluded.").append(name);
  }
  if (names.empty()) return At(row, "a row needs a column");
  insert.sql.append("INSERT INTO ").append(QuotedName(table)).append("(").append(names);
  insert.sql.append(") SELECT ").append(values).append(" WHERE NOT EXISTS (SELECT 1 FROM ");
  insert.sql.append(QuotedName(table)).append(" WHERE ").append(same);
  insert.sql.append(") ON CONFLICT DO UPDATE SET ").append(changed);
  auto done = db.Query(insert, cancel_);
  return done ? Ok() : Status(At(row, done.error().message));
}

}  // namespace

Result<scenario::LoadedSeed> ReadSeed(const std::string& path) {
  scenario::LoadedSeed loaded = scenario::LoadSeed(path, ReadFromDisk);
  if (loaded.document != nullptr) return loaded;
  std::string text;
  for (const scenario::Problem& problem : loaded.problems)
    text += (text.empty() ? "" : "\n") + scenario::ProblemText(problem);
  return Error{Code::kInvalid, std::move(text), false};
}

Result<SeedKeys> Seed(const Source& document, Emulator& emulator, const std::string& state_folder) {
  return Seeder(document, emulator, state_folder).Run();
}

}  // namespace mg
