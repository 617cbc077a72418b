#include "core/services/in_flight.h"

#include <functional>
#include <utility>

#include "core/base/shares.h"
#include "core/ports/runtime.h"

namespace mg {
struct InFlight::State {
  explicit State(std::size_t capacity_in) : capacity(capacity_in), shares(capacity_in) {}

  const std::size_t capacity;
  Mutex mutex;
  Shares shares;
};

// What a slot keeps alive: gives back when it goes.
struct InFlight::Taken {
  using GiveBack = std::function<void(Shares&)>;
  Taken(std::shared_ptr<State> state_in, GiveBack give_back_in)
      : state(std::move(state_in)), give_back(std::move(give_back_in)) {}
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  ~Taken() {
    const Lock lock(state->mutex);
    give_back(state->shares);
  }

  const std::shared_ptr<State> state;
  const GiveBack give_back;
};

InFlight::InFlight(std::size_t capacity) : state_(std::make_shared<State>(capacity)) {}

InFlight::Slot InFlight::Take(const std::string& who) {
  {
    const Lock lock(state_->mutex);
    if (!state_->shares.Take(who)) return nullptr;
  }
  return std::make_shared<const Taken>(state_, [who](Shares& shares) { shares.Give(who); });
}

InFlight::Slot InFlight::Take(const std::string& group, const std::string& member) {
  {
    const Lock lock(state_->mutex);
    if (!state_->shares.Take(group, member)) return nullptr;
  }
  return std::make_shared<const Taken>(
      state_, [group, member](Shares& shares) { shares.Give(group, member); });
}

std::size_t InFlight::size() const {
  const Lock lock(state_->mutex);
  return state_->capacity - state_->shares.left();
}

}  // namespace mg
