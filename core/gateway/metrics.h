// Counters in Prometheus text format (OPS-3). Thread-safety: all members. Memory: bounded by the
// routes, gates and statuses that exist.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/ports/runtime.h"

namespace mg {

class Metrics {
 public:
  void CountRequest(std::string_view route, int status, std::string_view stopped_by,
                    Nanos duration);
  void CountModelCall(std::string_view model, std::string_view outcome, int attempts);
  void CountStreamWithoutUsage();
  // A number that somebody else keeps, asked for whenever the text is. Before the first request.
  struct Reading {
    std::string_view name;
    std::string_view type;  // "counter", "gauge"
    std::string_view help;
    std::function<std::int64_t()> value;
  };
  void Add(Reading reading) { readings_.push_back(std::move(reading)); }
  std::string PrometheusText() const;

 private:
  std::string CountersText() const;

  std::vector<Reading> readings_;
  mutable Mutex mutex_;
  std::map<std::tuple<std::string, int, std::string>, std::int64_t> requests_;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>>
      durations_;  // route -> count, microseconds
  std::map<std::pair<std::string, std::string>, std::int64_t> model_calls_;
  std::int64_t model_attempts_ = 0;
  std::int64_t streams_without_usage_ = 0;
};

}  // namespace mg
