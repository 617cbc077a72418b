#include "core/services/in_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <vector>

#include "core/adapters/thread_runtime.h"

namespace mg {
namespace {

TEST(InFlight, NobodyGetsMoreThanAreLeftForOthersUntilOneEnds) {
  InFlight in_flight(8);
  std::vector<InFlight::Slot> slots;
  while (InFlight::Slot slot = in_flight.Take("acme")) slots.push_back(std::move(slot));
  EXPECT_EQ(slots.size(), 4u);
  const InFlight::Slot other = in_flight.Take("bolt");
  EXPECT_TRUE(other);
  EXPECT_EQ(in_flight.size(), 5u);
  slots.resize(2);
  EXPECT_TRUE(in_flight.Take("acme"));
  EXPECT_EQ(in_flight.size(), 3u);
}

TEST(InFlight, AMemberLeavesRoomForTheRestOfItsGroup) {
  InFlight in_flight(12);
  std::vector<InFlight::Slot> slots;
  while (InFlight::Slot slot = in_flight.Take("address", "acme")) slots.push_back(std::move(slot));
  EXPECT_EQ(slots.size(), 4u);
  EXPECT_TRUE(in_flight.Take("address", "bolt"));
  slots.clear();
  EXPECT_EQ(in_flight.size(), 0u);
}

TEST(InFlight, ASlotEndsWithItsLastCopyEvenAfterThePool) {
  std::optional<InFlight> in_flight(std::in_place, 4);
  InFlight::Slot slot = in_flight->Take("acme");
  InFlight::Slot copy = slot;
  slot.reset();
  EXPECT_EQ(in_flight->size(), 1u);
  in_flight.reset();
  copy.reset();
}

TEST(InFlight, AdmitsExactlyTheShareHoweverConcurrentTheBurst) {
  ThreadRuntime runtime;
  InFlight in_flight(100);
  std::atomic<int> admitted{0};
  std::vector<InFlight::Slot> slots(800);
  std::vector<std::unique_ptr<Task>> tasks;
  for (int t = 0; t < 8; ++t) {
    tasks.push_back(runtime.Spawn("burst", [&, t] {
      for (int i = 0; i < 100; ++i) {
        InFlight::Slot& slot = slots[static_cast<std::size_t>(t * 100 + i)];
        slot = in_flight.Take("acme");
        if (slot) ++admitted;
      }
    }));
  }
  for (const auto& task : tasks) task->Join();
  EXPECT_EQ(admitted, 50);
  slots.clear();
  EXPECT_EQ(in_flight.size(), 0u);
}

}  // namespace
}  // namespace mg
