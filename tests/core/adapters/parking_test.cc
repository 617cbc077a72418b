#include "core/adapters/parking.h"

#include <gtest/gtest.h>

#include "tests/core/adapters/support.h"

namespace mg {
namespace {

// Real threads, but a clock that stands until it is moved.
class StandingClock final : public Runtime {
 public:
  Instant Now() const override { return Instant{Nanos(now_.load())}; }
  WallTime Wall() const override { return threads_.Wall(); }
  void SleepUntil(Instant) override {}
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override {
    return threads_.Spawn(name, std::move(body));
  }
  std::unique_ptr<CondVar> MakeCondVar() override { return threads_.MakeCondVar(); }
  void Advance(Nanos by) { now_ += by.count(); }

 private:
  ThreadRuntime threads_;
  std::atomic<Nanos::rep> now_{1'000'000'000};
};

class ParkingTest : public testing::Test {
 protected:
  void Open(Parking::Options options) {
    parking_ = std::make_unique<Parking>(options, clock_);
    const Status opened = parking_->Open("127.0.0.1", 0);
    ASSERT_TRUE(opened.ok());
  }
  RawConnection Connect() { return RawConnection::To(parking_->port()); }
  // Lets the parking see to its events until the next turn.
  std::shared_ptr<Caller> NextCaller() {
    Parking::Turn turn = parking_->Next();
    EXPECT_TRUE(turn.caller);
    return turn.caller;
  }

  StandingClock clock_;
  std::unique_ptr<Parking> parking_;
};

TEST_F(ParkingTest, HandsOverACallerOnceItSpeaks) {
  Open({});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  EXPECT_EQ(caller->peer().address, "127.0.0.1");
  EXPECT_FALSE(caller->peer().via_trusted_edge);
  EXPECT_EQ(caller->waited_for(), Wait::kRequest);
  EXPECT_EQ(parking_->size(), 1u);
}

TEST_F(ParkingTest, SweepsASilentCallerAtItsDeadlineAndNotBefore) {
  Open({10, 1'000});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  parking_->Park(caller, Wait::kRest, clock_.Now() + 500ms);
  clock_.Advance(499ms);
  EXPECT_TRUE(parking_->Sweep(clock_.Now()).empty());
  clock_.Advance(1ms);
  const auto late = parking_->Sweep(clock_.Now());
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0], caller);
  EXPECT_EQ(late[0]->waited_for(), Wait::kRest);
  EXPECT_TRUE(parking_->Sweep(clock_.Now()).empty()) << "it is busy now";
  parking_->Close(*late[0]);
  EXPECT_EQ(parking_->size(), 0u);
}

TEST_F(ParkingTest, ABusyCallerIsNeverLate) {
  Open({10, 1'000});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  clock_.Advance(1h);
  EXPECT_TRUE(parking_->Sweep(clock_.Now()).empty());
}

TEST_F(ParkingTest, TheTimerFindsTheLateOnesByItself) {
  Open({10, 1'000});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  parking_->Park(caller, Wait::kFarewell, clock_.Now());
  // Its byte is still unread, so it may also speak first: either way it comes back.
  const Parking::Turn turn = parking_->Next();
  EXPECT_TRUE(turn.caller == caller || (turn.late.size() == 1 && turn.late[0] == caller));
}

TEST_F(ParkingTest, AHangUpCancelsTheTokenOfABusyCaller) {
  Open({});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  parking_->WatchForHangUp(*caller, true);
  auto worker = clock_.Spawn("worker", [&] { EXPECT_TRUE(parking_->Next().stopped); });
  EXPECT_FALSE(caller->gone().cancelled());
  client.Close();
  EXPECT_TRUE(Eventually([&] { return caller->gone().cancelled(); }, 1s));
  parking_->Stop();
  worker->Join();
}

TEST_F(ParkingTest, MoreBytesFromABusyCallerAreNoHangUp) {
  Open({});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  parking_->WatchForHangUp(*caller, true);
  client.Send("more");
  RawConnection other = Connect();
  other.Send("x");
  const auto second = NextCaller();
  EXPECT_NE(second, caller);
  EXPECT_FALSE(caller->gone().cancelled());
}

TEST_F(ParkingTest, AFullHouseLeavesNewcomersWaitingUntilOneGoes) {
  Open({1, 1'000'000});
  RawConnection first = Connect();
  first.Send("1");
  const auto caller = NextCaller();
  RawConnection second = Connect();
  second.Send("2");
  auto worker = clock_.Spawn("worker", [&] {
    const Parking::Turn turn = parking_->Next();
    EXPECT_TRUE(turn.caller);
    EXPECT_NE(turn.caller, caller);
  });
  EXPECT_EQ(parking_->size(), 1u);
  parking_->Close(*caller);
  worker->Join();
  EXPECT_EQ(parking_->size(), 1u);
}

TEST_F(ParkingTest, DrainingClosesTheParkedAndWhoeverIsParkedLater) {
  Open({});
  RawConnection busy = Connect();
  busy.Send("x");
  const auto caller = NextCaller();
  RawConnection idle = Connect();
  idle.Send("x");
  const auto parked = NextCaller();
  parking_->Park(parked, Wait::kRest, kNever);
  parking_->Drain();
  EXPECT_TRUE(idle.Ended());
  EXPECT_EQ(parking_->size(), 1u);
  EXPECT_FALSE(parking_->WaitUntilEmpty(clock_.Now()));
  parking_->Park(caller, Wait::kRequest, kNever);
  EXPECT_TRUE(busy.Ended());
  EXPECT_TRUE(parking_->WaitUntilEmpty(kNever));
}

TEST_F(ParkingTest, AWaitForItsTurnComesBackWithoutNewBytes) {
  Open({});
  RawConnection client = Connect();
  client.Send("x");
  const auto caller = NextCaller();
  std::string bytes(1, '\0');
  ASSERT_EQ(::recv(caller->fd(), bytes.data(), 1, 0), 1);
  parking_->Park(caller, Wait::kTurn, kNever);
  EXPECT_EQ(NextCaller(), caller);
  EXPECT_EQ(caller->waited_for(), Wait::kTurn);
}

}  // namespace
}  // namespace mg
