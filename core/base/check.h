// MG_CHECK: a broken promise of our own code. Throws; caught once, in the server adapter and the
// runners.
#pragma once
#include <stdexcept>
#include <string>

namespace mg {

struct CheckFailed : std::logic_error {
  using logic_error::logic_error;
};

#define MG_CHECK(condition, what)                                                             \
  do {                                                                                        \
    if (!(condition))                                                                         \
      throw ::mg::CheckFailed(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " + \
                              (what));                                                        \
  } while (false)

}  // namespace mg
