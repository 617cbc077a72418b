// The service's side of a wire case, for client tests: checks that the request is the case's own
// and gives the case's answer.
#pragma once
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/wire_expect.h"

namespace mg::test {

class WireReplay final : public Handler {
 public:
  explicit WireReplay(WireCase wire_case) : case_(std::move(wire_case)) {}

  Response Handle(Request& request, const Peer&, CancelToken&) override {
    EXPECT_EQ(request.method, case_.request.method) << case_.name;
    EXPECT_EQ(request.target, case_.request.target) << case_.name;
    for (const auto& line : case_.request.headers.lines()) {
      EXPECT_EQ(request.headers.Get(line.name), line.value) << case_.name << ": " << line.name;
    }
    ExpectSameBody(request.body.bytes(), case_.request.body.bytes(), case_.name);
    return case_.response;
  }

 private:
  WireCase case_;
};

// Always the same answer.
class FixedAnswer final : public Handler {
 public:
  explicit FixedAnswer(Response response) : response_(std::move(response)) {}
  Response Handle(Request&, const Peer&, CancelToken&) override { return response_; }

 private:
  Response response_;
};

}  // namespace mg::test
