// The stores of a running emulator, by the gateway's own clients.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/clients/r2.h"
#include "tests/support/process.h"

namespace mg::test {

inline constexpr std::size_t kBig = 300'000;  // an object in a file of its own

class Stores {
 public:
  explicit Stores(const Running& up)
      : kv_(transport_, runtime_,
            {up.At("api_base"), up.At("account_id"), up.At("kv_namespace_id"), up.At("api_token")}),
        db_(transport_, runtime_,
            {up.At("api_base"), up.At("account_id"), up.At("d1_database_id"), up.At("api_token")}),
        bucket_(transport_, runtime_, BucketOf(up)) {}

  void Put(const std::string& key, const std::string& value) {
    EXPECT_TRUE(kv_.Put(key, value, 0, cancel_));
    EXPECT_TRUE(bucket_.Put(key, value + std::string(kBig, '.'), cancel_));
    EXPECT_TRUE(
        db_.Execute("CREATE TABLE IF NOT EXISTS note(k TEXT PRIMARY KEY, v TEXT)", cancel_));
    EXPECT_TRUE(db_.Query({"INSERT OR REPLACE INTO note VALUES(?1, ?2)", {key, value}}, cancel_));
  }
  std::string Value(const std::string& key) {
    auto value = kv_.Get(key, cancel_);
    return value && *value ? **value : "";
  }
  std::string Object(const std::string& key) {
    auto bytes = bucket_.Get(key, cancel_);
    return bytes && *bytes ? (*bytes)->substr(0, (*bytes)->find('.')) : "";
  }
  std::string Row(const std::string& key) {
    auto answer = db_.Query({"SELECT v FROM note WHERE k = ?1", {key}}, cancel_);
    return answer && !answer->rows.empty() ? answer->rows[0].Text("v") : "";
  }
  D1Client& db() { return db_; }
  KvClient& kv() { return kv_; }
  CancelToken& cancel() { return cancel_; }

 private:
  static R2Binding BucketOf(const Running& up) {
    R2Binding binding;
    binding.endpoint = up.At("s3_endpoint");
    binding.bucket = up.At("r2_bucket");
    binding.access_key_id = up.At("s3_access_key_id");
    binding.secret_access_key = up.At("s3_secret_access_key");
    return binding;
  }

  ThreadRuntime runtime_;
  HttpTransport transport_{{}, runtime_};
  CancelToken cancel_;
  KvClient kv_;
  D1Client db_;
  R2Client bucket_;
};

}  // namespace mg::test
