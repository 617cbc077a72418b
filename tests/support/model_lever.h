// A fault of one model, in the words of a test: Pull(faults, kFreeModel, {.status = 503}).
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "fakes/faults.h"

namespace mg::test {

struct ModelLever {
  std::int64_t latency_ms = 0;
  bool hang = false;
  int status = 0;
  std::int64_t code = 0;
  std::int64_t retry_after_seconds = 0;
  int times = -1;
};

// In place of the model's lever before.
inline void Pull(fake::Faults& faults, const std::string& model, ModelLever lever) {
  fake::FaultRule rule;
  rule.id = "lever of " + model;
  rule.operation = "ai.run";
  rule.where.model = model;
  rule.times = lever.times;
  rule.delay = std::chrono::milliseconds(lever.latency_ms);
  rule.hang = lever.hang;
  rule.status = lever.status;
  rule.code = lever.code;
  rule.retry_after_seconds = lever.retry_after_seconds;
  faults.Remove(rule.id);
  faults.Add(rule);
}

}  // namespace mg::test
