// Compares a fake's answer with a wire case: status, every header the case names, and the body, as
// JSON where it is JSON.
#pragma once
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/wire_fixture.h"

namespace mg::test {

inline void ExpectSameBody(const std::string& got, const std::string& wanted,
                           const std::string& name) {
  const auto wanted_json = ParseJson(wanted);
  const auto got_json = ParseJson(got);
  if (wanted_json && got_json) {
    EXPECT_EQ(*got_json, *wanted_json) << name;
  } else {
    EXPECT_EQ(got, wanted) << name;
  }
}

inline void ExpectAnswer(const Response& got, const WireCase& wanted) {
  EXPECT_EQ(got.status, wanted.response.status) << wanted.name;
  for (const auto& line : wanted.response.headers.lines()) {
    EXPECT_EQ(got.headers.Get(line.name), line.value) << wanted.name << ": " << line.name;
  }
  ExpectSameBody(got.body.bytes(), wanted.response.body.bytes(), wanted.name);
}

}  // namespace mg::test
