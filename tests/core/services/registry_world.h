// The registry's services over the real clients and the real KV and D1 fakes, in memory. KV and D1
// can be made to fail or to hold still, and every call to them is counted.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/services/migrations.h"
#include "core/services/registry.h"
#include "core/services/tenants.h"
#include "fakes/cloud.h"
#include "fakes/d1/d1.h"
#include "fakes/kv/kv.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"

namespace mg::test {

inline constexpr const char* kRegistryOrigin = "http://cloud.test";
inline constexpr const char* kAdmin = "root@moltgate.test";

// Calls to one of the services, and what to do to them.
class Line {
 public:
  std::optional<Error> Pass(const Request& request) {
    std::unique_lock lock(mutex_);
    ++calls_;
    last_body_ = request.body.bytes();
    moved_.notify_all();
    moved_.wait(lock, [this] { return !held_; });
    if (down_) return Error{Code::kUnavailable, "connection refused", true};
    return std::nullopt;
  }
  void Down(bool down) {
    const std::lock_guard lock(mutex_);
    down_ = down;
  }
  void Hold(bool held) {  // calls wait on their way out
    const std::lock_guard lock(mutex_);
    held_ = held;
    moved_.notify_all();
  }
  void AwaitCalls(int count) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return calls_ >= count; });
  }
  int calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // Calls since the last question.
  int Fresh() {
    const std::lock_guard lock(mutex_);
    return calls_ - std::exchange(asked_, calls_);
  }
  std::string last_body() const {
    const std::lock_guard lock(mutex_);
    return last_body_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  int calls_ = 0;
  int asked_ = 0;
  bool down_ = false;
  bool held_ = false;
  std::string last_body_;
};

class RegistryWorld {
 public:
  explicit RegistryWorld(bool migrated = true)
      : credentials(fake::MakeCredentials(random)),
        kv_fake(credentials, "", runtime),
        d1_fake(credentials, "", runtime),
        cloud(credentials, {&kv_fake, &d1_fake, nullptr, nullptr, nullptr}, runtime, journal,
              faults),
        kv(transport, runtime,
           {Base(), credentials.account_id, credentials.kv_namespace_id, credentials.api_token}),
        db(transport, runtime,
           {Base(), credentials.account_id, credentials.d1_database_id, credentials.api_token}),
        settings(Made()),
        registry(settings, db, &kv, runtime, random, log) {
    transport.Route(kRegistryOrigin, cloud);
    transport.before = [this](int, const Request& request) {
      const bool to_kv = request.target.find("/storage/kv/") != std::string::npos;
      return to_kv ? kv_line.Pass(request) : db_line.Pass(request);
    };
    if (migrated) {
      EXPECT_TRUE(ApplyMigrations(db, cancel).ok());
    }
    ForgetCalls();
  }

  TenantRecord Add(const std::string& slug, const std::string& tier = "free",
                   const std::string& platform = "web") {
    auto tenant = registry.CreateTenant({slug, tier, platform}, kAdmin, cancel);
    EXPECT_TRUE(tenant.ok()) << (tenant ? "" : tenant.error().message);
    ForgetCalls();
    return tenant ? *tenant : TenantRecord();
  }
  std::string AddKey(const std::string& slug, std::int64_t limit_per_minute = 0) {
    auto key = registry.CreateKey(slug, "a key", limit_per_minute, kAdmin, cancel);
    EXPECT_TRUE(key.ok()) << (key ? "" : key.error().message);
    ForgetCalls();
    return key ? key->secret : "";
  }
  void AddDomain(const std::string& slug, const std::string& host) {
    const Status put = registry.PutDomain(slug, host, kAdmin, cancel);
    EXPECT_TRUE(put.ok()) << (put ? "" : put.error().message);
    ForgetCalls();
  }

  std::vector<D1Row> Sql(const std::string& sql, std::vector<D1Value> params = {}) {
    auto answer = db.Query({sql, std::move(params)}, cancel);
    EXPECT_TRUE(answer.ok()) << sql << ": " << (answer ? "" : answer.error().message);
    ForgetCalls();
    return answer ? answer->rows : std::vector<D1Row>();
  }
  std::int64_t Count(const std::string& table) {
    return Sql("SELECT COUNT(*) AS n FROM " + table).at(0).Int("n");
  }
  std::string KvText(const std::string& key) {  // "" when there is none
    auto value = kv.Get(key, cancel);
    EXPECT_TRUE(value.ok());
    ForgetCalls();
    return value && *value ? **value : "";
  }
  void PutKv(const std::string& key, const std::string& text) {
    EXPECT_TRUE(kv.Put(key, text, 300, cancel).ok());
    ForgetCalls();
  }
  void DropKv(const std::string& key) {
    EXPECT_TRUE(kv.Delete(key, cancel).ok());
    ForgetCalls();
  }
  void ForgetCalls() {
    kv_line.Fresh();
    db_line.Fresh();
  }
  void Advance(std::int64_t seconds) { runtime.Advance(std::chrono::seconds(seconds)); }

  SteppedRuntime runtime;
  FixedRandom random;
  RecordingLog log;
  CancelToken cancel;
  fake::Credentials credentials;
  fake::Journal journal;
  fake::Faults faults{runtime, 1};
  fake::Kv kv_fake;
  fake::D1 d1_fake;
  fake::CloudApi cloud;
  LocalTransport transport{runtime};
  Line kv_line;
  Line db_line;
  KvClient kv;
  D1Client db;
  Settings settings;
  Registry registry;

 private:
  static Settings Made() {
    Settings made;
    made.app_domain = "moltgate.test";
    made.operator_host = "console.moltgate.test";
    made.reserved_labels = {"www", "api", "admin", "status"};
    return made;
  }
  static std::string Base() { return std::string(kRegistryOrigin) + "/client/v4"; }
};

}  // namespace mg::test
