// However many tasks ask for one thing at the same time, one of them gets it and the others wait
// for that.
//
// Thread-safety: all members. Time: a waiter ends with its own `cancel`; when the one that works
// loses its caller (or throws), one of the waiters does the work again, so that nobody is failed by
// a stranger's disconnect.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/ports/cancel.h"
#include "core/ports/runtime.h"

namespace mg {

template <class Value>
class SingleFlight {
 public:
  explicit SingleFlight(Runtime& runtime) : runtime_(runtime) {}

  // `work` is `std::optional<Value>()`; it returns nothing when its caller went away. Nothing comes
  // back when `cancel` ended the wait or the work.
  template <class Work>
  std::optional<Value> Do(const std::string& key, CancelToken& cancel, Work&& work) {
    while (!cancel.cancelled()) {
      auto [flight, leads] = Join(key);
      if (leads) return Lead(key, flight, work);
      if (auto value = Wait(*flight, cancel)) return value;
    }
    return std::nullopt;
  }

 private:
  struct Flight {
    std::unique_ptr<CondVar> landed;
    bool done = false;
    std::optional<Value> value;
  };

  // Lands the flight however the work ends, so that no waiter is left behind.
  struct Landing {
    SingleFlight& owner;
    const std::string& key;
    Flight& flight;
    std::optional<Value> value;

    ~Landing() {
      const Lock lock(owner.mutex_);
      flight.value = std::move(value);
      flight.done = true;
      owner.flights_.erase(key);
      flight.landed->NotifyAll();
    }
  };

  std::pair<std::shared_ptr<Flight>, bool> Join(const std::string& key) {
    const Lock lock(mutex_);
    std::shared_ptr<Flight>& flight = flights_[key];
    const bool leads = flight == nullptr;
    if (leads) {
      flight = std::make_shared<Flight>();
      flight->landed = runtime_.MakeCondVar();
    }
    return {flight, leads};
  }

  template <class Work>
  std::optional<Value> Lead(const std::string& key, const std::shared_ptr<Flight>& flight,
                            Work&& work) {
    Landing landing{*this, key, *flight, std::nullopt};
    landing.value = work();
    return landing.value;
  }

  std::optional<Value> Wait(Flight& flight, CancelToken& cancel) {
    // Declared before the lock: ending a subscription waits for its callback, which takes the lock.
    const auto subscription = cancel.OnCancel([this, &flight] {
      const Lock lock(mutex_);
      flight.landed->NotifyAll();
    });
    Lock lock(mutex_);
    while (!flight.done && !cancel.cancelled()) flight.landed->WaitUntil(lock, kNever);
    return flight.done ? flight.value : std::nullopt;
  }

  Runtime& runtime_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace mg
