// A value or an Error. Our std::expected until the toolchain has C++23.
#pragma once
#include <string>
#include <utility>
#include <variant>

namespace mg {

enum class Code {
  kInvalid,          // the request itself is wrong; repeating it cannot help
  kUnauthenticated,  // credentials missing or not accepted
  kDenied,           // credentials accepted, action refused
  kNotFound,
  kConflict,        // a uniqueness or precondition rule refused it
  kExhausted,       // a budget or rate limit refused it
  kUnavailable,     // never reached the service, or the service cannot answer now
  kTimeout,         // a deadline passed before the request was sent in full
  kUnknownOutcome,  // sent, but no whole answer came: it may or may not have happened
  kCancelled,       // the caller went away
  kCorrupt,         // the answer, file or row is not what it must be
  kInternal,
};

struct Error {
  Code code = Code::kInternal;
  std::string
      message;  // for operators: names what was wrong; never a secret, never shown to a tenant
  bool retryable = false;  // the same call may succeed later
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return v_.index() == 0; }
  bool ok() const { return v_.index() == 0; }
  T& value() & { return std::get<0>(v_); }
  T&& value() && { return std::get<0>(std::move(v_)); }
  const T& value() const& { return std::get<0>(v_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(v_); }

 private:
  std::variant<T, Error> v_;
};

using Status = Result<std::monostate>;
inline Status Ok() {
  return std::monostate{};
}

// MG_TRY(rows, db.Query(...)): `rows` is the value, or the enclosing function returns the error.
#define MG_TRY(name, expr)                          \
  auto name##_result = (expr);                      \
  if (!name##_result) return name##_result.error(); \
  auto& name = name##_result.value()

#define MG_RETURN_IF_ERROR(expr)                                       \
  do {                                                                 \
    if (auto mg_status = (expr); !mg_status) return mg_status.error(); \
  } while (false)

}  // namespace mg
