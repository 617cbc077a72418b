// Streams that providers sent, replayed as the upstream of the whole gateway, in pieces of any
// size.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/clients/chat_answer.h"
#include "tests/support/scripted_stream.h"
#include "tests/support/wire_fixture.h"
#include "tests/support/world.h"

namespace mg::test {
namespace {

struct Recorded {
  std::string path, bytes;
  bool has_usage = false;
};

// One event a line.
Recorded Read(const std::filesystem::path& path) {
  Recorded recorded{path.string(), {}, false};
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto frame = ParseJson(line);
    const UsagePart part = frame ? ReadUsage(*frame) : UsagePart();
    recorded.has_usage = recorded.has_usage || (part.in && part.out);
    recorded.bytes += "data: " + line + "\n\n";
  }
  recorded.bytes += "data: [DONE]\n\n";
  return recorded;
}

std::vector<StreamPiece> InPieces(const std::string& bytes, Random& random) {
  std::vector<StreamPiece> pieces;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min(bytes.size() - at, 1 + random.Below(3000));
    pieces.push_back({bytes.substr(at, size), std::chrono::milliseconds(random.Below(50))});
    at += size;
  }
  return pieces;
}

// Answers model calls with the recording, everything else as the fakes do.
class Replaying final : public Handler {
 public:
  Replaying(Handler& cloud, Runtime& runtime) : cloud_(cloud), runtime_(runtime) {}

  const Recorded* recorded = nullptr;

  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override {
    if (!request.headers.Has("cf-aig-metadata")) return cloud_.Handle(request, peer, caller_gone);
    Response response;
    response.headers.Set("content-type", "text/event-stream");
    response.headers.Set("cf-aig-step", "0");
    response.body =
        Body(std::make_shared<ScriptedStream>(runtime_, InPieces(recorded->bytes, random_)));
    return response;
  }

 private:
  Handler& cloud_;
  Runtime& runtime_;
  FixedRandom random_{7};
};

TEST(RecordedStreams, ReachTheCallerByteForByteAndAreBilledOnce) {
  const std::string folder = SourceFolder() + "/../shared/vectors/sse";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no vectors at " << folder;
  World w([](Settings& settings) { settings.limits.free_per_minute = 1000; });
  Replaying upstream(w.cloud, w.runtime);
  w.transport.Route(kApiOrigin, upstream);
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  int streams = 0;
  std::size_t with_usage = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    const Recorded recorded = Read(entry.path());
    upstream.recorded = &recorded;
    const Response answer = w.Chat("acme", key, "again", R"(,"stream":true)");
    ASSERT_TRUE(answer.body.is_stream()) << recorded.path << ": " << answer.body.bytes();
    const ReadStream read = ReadToEnd(*answer.body.stream());
    EXPECT_FALSE(read.error) << recorded.path;
    EXPECT_EQ(read.bytes == recorded.bytes, true) << recorded.path;
    ++streams;
    with_usage += recorded.has_usage ? 1 : 0;
  }
  EXPECT_EQ(streams, 68);
  w.FlushUsage();
  EXPECT_EQ(w.Rows("SELECT id FROM usage").size(), with_usage);
  EXPECT_GT(with_usage, 60U);
}

}  // namespace
}  // namespace mg::test
