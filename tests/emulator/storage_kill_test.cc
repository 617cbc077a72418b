// The stores while their process is killed in the middle of writes, again and again: over sockets,
// on one state folder. MOLTGATE_KILLS is how often; 10 without it.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/clients/sigv4.h"
#include "fakes/r2/xml_reader.h"
#include "fakes/sqlite.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using std::chrono::milliseconds;

constexpr int kWriters = 4;
constexpr std::size_t kObjectBytes = 200'000;  // a file of its own

int Kills() {
  const char* wanted = std::getenv("MOLTGATE_KILLS");
  return wanted == nullptr ? 10 : std::atoi(wanted);
}

// What is under a name can be told from the name.
std::string ContentOf(const std::string& name) {
  std::string bytes;
  while (bytes.size() < kObjectBytes) bytes += name + "/";
  return bytes;
}

// Names whose write was answered well.
struct Acknowledged {
  std::set<std::string> values, rows, objects;
};

class Client {
 public:
  explicit Client(const Running& up)
      : kv_(transport_, runtime_,
            {up.At("api_base"), up.At("account_id"), up.At("kv_namespace_id"), up.At("api_token")}),
        db_(transport_, runtime_,
            {up.At("api_base"), up.At("account_id"), up.At("d1_database_id"), up.At("api_token")}),
        origin_(up.At("s3_endpoint")),
        bucket_("/" + up.At("r2_bucket")),
        key_{up.At("s3_access_key_id"), up.At("s3_secret_access_key")} {}

  bool PutValue(const std::string& name) {
    return kv_.Put(name, "value of " + name, 0, cancel_).ok();
  }
  bool PutRow(const std::string& name) {
    return db_.Query({"INSERT INTO note(id) VALUES(?1)", {name}}, cancel_).ok();
  }
  bool PutObject(const std::string& name) {
    return S3("PUT", "/" + name, ContentOf(name)).status == 200;
  }
  bool UploadInParts(const std::string& name) {
    const auto begun = fake::ParseXml(S3("POST", "/" + name + "?uploads=").body.bytes());
    if (!begun) return false;
    const std::string upload = "uploadId=" + std::string(begun->TextOf("UploadId"));
    const Response part = S3("PUT", "/" + name + "?partNumber=1&" + upload, ContentOf(name));
    if (part.status != 200) return false;
    return S3("POST", "/" + name + "?" + upload,
              "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" +
                  std::string(part.headers.Get("etag")) +
                  "</ETag></Part></CompleteMultipartUpload>")
               .status == 200;
  }

  std::string Value(const std::string& name) {
    auto value = kv_.Get(name, cancel_);
    return value && *value ? **value : "";
  }
  std::set<std::string> Rows() {
    std::set<std::string> names;
    auto answer = db_.Query({"SELECT id FROM note", {}}, cancel_);
    EXPECT_TRUE(answer);
    if (answer)
      for (const D1Row& row : answer->rows) names.insert(row.Text("id"));
    return names;
  }
  bool MakeTable() {
    return db_.Execute("CREATE TABLE IF NOT EXISTS note(id TEXT PRIMARY KEY)", cancel_).ok();
  }
  std::set<std::string> Objects() {
    std::set<std::string> names;
    std::string after;
    for (bool more = true; more;) {
      const auto page = fake::ParseXml(S3("GET", "?list-type=2&start-after=" + after).body.bytes());
      if (!page) {
        ADD_FAILURE() << "no listing";
        return names;
      }
      for (const fake::XmlNode& node : page->children)
        if (node.name == "Contents") names.insert(after = std::string(node.TextOf("Key")));
      more = page->TextOf("IsTruncated") == "true";
    }
    return names;
  }
  std::string Object(const std::string& name) { return S3("GET", "/" + name).body.bytes(); }

 private:
  // Status 0: no answer.
  Response S3(const std::string& method, const std::string& target, const std::string& body = "") {
    Request request;
    request.method = method;
    request.origin = origin_;
    request.target = bucket_ + target;
    request.body = body;
    SignRequest(request, origin_.substr(origin_.find("://") + 3), key_, runtime_.Wall(),
                Sha256Hex(body));
    Deadlines deadlines;
    deadlines.total = runtime_.Now() + std::chrono::seconds(20);
    auto answer = transport_.Send(request, deadlines, cancel_);
    Response none;
    none.status = 0;
    if (!answer || !answer->body.Buffer(4 << 20, deadlines.total)) return none;
    return std::move(*answer);
  }

  ThreadRuntime runtime_;
  HttpTransport transport_{{}, runtime_};
  CancelToken cancel_;
  KvClient kv_;
  D1Client db_;
  const std::string origin_, bucket_;
  const SigV4Key key_;
};

class StorageUnderKills : public ::testing::Test {
 protected:
  std::vector<std::string> Flags() const { return {"--quiet", "--only", "kv,d1,r2"}; }
  std::string State() const { return folder_.path() + "/.moltgate/state"; }

  // Mixed writes of several clients; when some have been answered the process lives on for `more`,
  // and is killed in their midst.
  void LiveAndDie(int life, milliseconds more) {
    Running up(folder_.path(), Flags());
    ASSERT_TRUE(Client(up).MakeTable());
    std::atomic<bool> stop{false};
    std::atomic<int> answered{0};
    std::vector<Acknowledged> done(kWriters);
    std::vector<std::thread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        Client client(up);
        Acknowledged& mine = done[static_cast<std::size_t>(writer)];
        for (int n = 0; !stop; ++n) {
          const std::string name =
              std::to_string(life) + "-" + std::to_string(writer) + "-" + std::to_string(n);
          if (client.PutValue(name)) mine.values.insert(name);
          if (client.PutRow(name)) mine.rows.insert(name);
          if (n % 2 == 0 ? client.PutObject(name) : client.UploadInParts(name)) {
            mine.objects.insert(name);
            ++answered;
          }
        }
      });
    }
    for (int i = 0; i < 3000 && answered < kWriters; ++i)
      std::this_thread::sleep_for(milliseconds(10));
    std::this_thread::sleep_for(more);
    up.Kill(SIGKILL);
    stop = true;
    for (std::thread& writer : writers) writer.join();
    for (const Acknowledged& mine : done) {
      all_.values.insert(mine.values.begin(), mine.values.end());
      all_.rows.insert(mine.rows.begin(), mine.rows.end());
      all_.objects.insert(mine.objects.begin(), mine.objects.end());
    }
  }

  // What `sql` counts in R2's own rows.
  std::int64_t CountInR2(const std::string& sql) const {
    fake::Database rows(State() + "/r2.sqlite");
    fake::Statement count(rows, sql);
    return count.Step() == SQLITE_ROW ? count.Int(0) : -1;
  }

  void ExpectEverythingThere() {
    Running up(folder_.path(), Flags());
    Client client(up);
    for (const std::string& name : all_.values)
      EXPECT_EQ(client.Value(name), "value of " + name) << "KV has lost it";
    const auto rows = client.Rows();
    for (const std::string& name : all_.rows) EXPECT_EQ(rows.count(name), 1u) << name;
    const auto objects = client.Objects();
    for (const std::string& name : all_.objects) EXPECT_EQ(objects.count(name), 1u) << name;
    for (const std::string& name : objects)
      EXPECT_TRUE(client.Object(name) == ContentOf(name)) << name << " is torn";
    const std::filesystem::directory_iterator files(State() + "/r2-objects");
    EXPECT_EQ(std::distance(begin(files), end(files)),
              CountInR2("SELECT count(DISTINCT blob) FROM segment"))
        << "files that no row names, or rows whose file is gone";
    EXPECT_EQ(CountInR2("SELECT count(*) FROM segment s LEFT JOIN object o ON o.content = s.content"
                        " LEFT JOIN part p ON p.content = s.content"
                        " WHERE o.key IS NULL AND p.number IS NULL"),
              0)
        << "content that nothing refers to";
  }

  TempFolder folder_;
  Acknowledged all_;
};

TEST_F(StorageUnderKills, LosesNothingThatWasAcknowledged) {
  std::mt19937 chance(1);
  const int kills = Kills();
  for (int life = 0; life < kills && !HasFailure(); ++life) {
    LiveAndDie(life, milliseconds(chance() % 300));
    if (life % 10 == 9 || life + 1 == kills) ExpectEverythingThere();
  }
  EXPECT_GT(all_.values.size(), static_cast<std::size_t>(kills));
  EXPECT_GT(all_.objects.size(), static_cast<std::size_t>(kills));
  std::cout << kills << " kills: " << all_.values.size() << " values, " << all_.rows.size()
            << " rows, " << all_.objects.size() << " objects acknowledged\n";
}

}  // namespace
}  // namespace mg::test
