#include "fakes/ai/cache.h"

#include <gtest/gtest.h>

namespace mg::fake {
namespace {

const AiCacheSubject kSubject{"g", "workers-ai", "v1/chat/completions", "Bearer a", "{\"m\":1}"};

AiCacheUse Use(const AiCacheWish& wish, const AiCacheSubject& subject = kSubject,
               const AiQuirks& quirks = {}) {
  return CacheUseOf(wish, 60, subject, quirks);
}

AiCache::Answer Answer(std::string body) {
  return {200, Headers{{"content-type", "application/json"}}, std::move(body)};
}

TEST(AiCache, TtlComesFromTheCallThenTheGatewayAndIsAtLeastAMinute) {
  const struct {
    std::optional<std::int64_t> asked;
    std::string key;
    std::int64_t of_gateway;
    bool quirk;
    std::int64_t seconds;
  } cases[] = {
      {std::nullopt, "", 0, false, 0},
      {std::nullopt, "", 120, false, 120},
      {600, "", 120, false, 600},
      {0, "", 120, false, 0},
      {1, "", 0, false, 60},
      {1'000'000'000, "", 0, false, 31LL * 24 * 3600},
      {std::nullopt, "k", 0, false, 300},
      {std::nullopt, "k", 120, false, 120},
      {0, "k", 120, false, 0},
      {std::nullopt, "", 0, true, 300},  // seen: cached although nobody asked
      {0, "", 0, true, 300},             // and although the caller forbade it
  };
  for (const auto& c : cases) {
    AiQuirks quirks;
    quirks.cache_300s = c.quirk;
    EXPECT_EQ(CacheTtlSeconds({c.asked, false, c.key}, c.of_gateway, quirks), c.seconds)
        << c.asked.value_or(-1) << " " << c.key << " " << c.of_gateway;
  }
}

TEST(AiCache, AnEntryHitsUntilItsTimeIsUp) {
  AiCache cache;
  EXPECT_FALSE(cache.Find(Use({}), 1000));
  cache.Store(Use({}), Answer("one"), 1000, {});
  const auto hit = cache.Find(Use({}), 60'999);
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->body, "one");
  EXPECT_FALSE(cache.Find(Use({}), 61'000));
}

TEST(AiCache, KeysAreOfGatewayProviderEndpointAndBodyButNotOfTheToken) {
  AiCache cache;
  cache.Store(Use({}), Answer("one"), 0, {});
  AiCacheSubject other = kSubject;
  other.authorization = "Bearer b";
  EXPECT_TRUE(cache.Find(Use({}, other), 0));
  AiQuirks strict;
  strict.cache_key_includes_auth = true;
  EXPECT_NE(Use({}, other, strict).key, Use({}, kSubject, strict).key);
  for (auto member : {&AiCacheSubject::gateway, &AiCacheSubject::provider,
                      &AiCacheSubject::endpoint, &AiCacheSubject::body}) {
    other = kSubject;
    other.*member = "other";
    EXPECT_FALSE(cache.Find(Use({}, other), 0));
  }
  other = kSubject;  // no two splits of the same text are one key
  other.provider = "workers-aiv1";
  other.endpoint = "/chat/completions";
  EXPECT_FALSE(cache.Find(Use({}, other), 0));
}

TEST(AiCache, ACustomKeyMissesTwiceBeforeItHits) {
  for (const bool twice : {true, false}) {
    AiCache cache;
    AiQuirks quirks;
    quirks.cache_key_double_miss = twice;
    const AiCacheUse use = Use({std::nullopt, false, "mine"}, kSubject, quirks);
    EXPECT_FALSE(cache.Find(use, 0));
    cache.Store(use, Answer("one"), 0, quirks);
    EXPECT_EQ(cache.Find(use, 0).has_value(), !twice);
    cache.Store(use, Answer("two"), 0, quirks);
    ASSERT_TRUE(cache.Find(use, 0));
    EXPECT_EQ(cache.Find(use, 0)->body, "two");
    AiCacheSubject other = kSubject;
    other.body = "anything else";
    EXPECT_TRUE(cache.Find(Use({std::nullopt, false, "mine"}, other, quirks), 0));
    other.provider = "openai";
    EXPECT_FALSE(cache.Find(Use({std::nullopt, false, "mine"}, other, quirks), 0));
  }
}

TEST(AiCache, AnUpdateDoesNotReachWhatWasCachedUnasked) {
  AiCache cache;
  AiQuirks quirks;
  quirks.cache_300s = true;
  const AiCacheUse unasked = CacheUseOf({0, false, ""}, 0, kSubject, quirks);
  EXPECT_TRUE(CacheUseOf({std::nullopt, true, ""}, 0, kSubject, quirks).skips);
  cache.Store(unasked, Answer("one"), 0, quirks);
  cache.Invalidate("g");
  EXPECT_TRUE(cache.Find(unasked, 299'999));
  EXPECT_FALSE(cache.Find(unasked, 300'000));
}

TEST(AiCache, ForgetsAGatewayAndNoOther) {
  AiCache cache;
  AiCacheSubject other = kSubject;
  other.gateway = "g2";
  cache.Store(Use({}), Answer("one"), 0, {});
  cache.Store(Use({}, other), Answer("two"), 0, {});
  cache.Forget("g");
  EXPECT_FALSE(cache.Find(Use({}), 0));
  EXPECT_TRUE(cache.Find(Use({}, other), 0));
}

TEST(AiCache, DropsTheOldestWhenItIsFull) {
  AiCache cache;
  const std::string megabyte(std::size_t{1} << 20, 'x');
  std::vector<std::string> bodies;
  for (int i = 0; i < 70; ++i) bodies.push_back("body " + std::to_string(i));
  AiCacheSubject subject = kSubject;
  for (const std::string& body : bodies) {
    subject.body = body;
    cache.Store(Use({}, subject), Answer(megabyte), 0, {});
  }
  subject.body = bodies.front();
  EXPECT_FALSE(cache.Find(Use({}, subject), 0));
  subject.body = bodies.back();
  EXPECT_TRUE(cache.Find(Use({}, subject), 0));
}

}  // namespace
}  // namespace mg::fake
