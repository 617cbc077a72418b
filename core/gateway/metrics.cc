#include "core/gateway/metrics.h"

namespace mg {

void Metrics::CountRequest(std::string_view route, int status, std::string_view stopped_by,
                           Nanos duration) {
  const Lock lock(mutex_);
  ++requests_[{std::string(route), status, std::string(stopped_by)}];
  auto& sum = durations_[std::string(route)];
  ++sum.first;
  sum.second += std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

void Metrics::CountModelCall(std::string_view model, std::string_view outcome, int attempts) {
  const Lock lock(mutex_);
  ++model_calls_[{std::string(model), std::string(outcome)}];
  model_attempts_ += attempts;
}

void Metrics::CountStreamWithoutUsage() {
  const Lock lock(mutex_);
  ++streams_without_usage_;
}

std::string Metrics::PrometheusText() const {
  std::string text = CountersText();
  for (const Reading& reading : readings_) {
    const std::string name(reading.name);
    text += "# HELP " + name + " " + std::string(reading.help) + "\n";
    text += "# TYPE " + name + " " + std::string(reading.type) + "\n";
    text += name + " " + std::to_string(reading.value()) + "\n";
  }
  return text;
}

std::string Metrics::CountersText() const {
  const Lock lock(mutex_);
  std::string text =
      "# HELP moltgate_requests_total Requests answered, by route, status and the gate that "
      "answered.\n"
      "# TYPE moltgate_requests_total counter\n";
  for (const auto& [key, count] : requests_) {
    text += "moltgate_requests_total{route=\"" + std::get<0>(key) + "\",status=\"" +
            std::to_string(std::get<1>(key)) + "\",stopped_by=\"" + std::get<2>(key) + "\"} " +
            std::to_string(count) + "\n";
  }
  text +=
      "# HELP moltgate_request_duration_seconds Time from the request's head to its answer.\n"
      "# TYPE moltgate_request_duration_seconds summary\n";
  for (const auto& [route, sum] : durations_) {
    text += "moltgate_request_duration_seconds_sum{route=\"" + route + "\"} " +
            std::to_string(static_cast<double>(sum.second) / 1e6) + "\n";
    text += "moltgate_request_duration_seconds_count{route=\"" + route + "\"} " +
            std::to_string(sum.first) + "\n";
  }
  text +=
      "# HELP moltgate_model_calls_total Model calls, by model and outcome.\n"
      "# TYPE moltgate_model_calls_total counter\n";
  for (const auto& [key, count] : model_calls_) {
    text += "moltgate_model_calls_total{model=\"" + key.first + "\",outcome=\"" + key.second +
            "\"} " + std::to_string(count) + "\n";
  }
  text +=
      "# HELP moltgate_model_attempts_total Sends to AI Gateway, retries and fallbacks included.\n"
      "# TYPE moltgate_model_attempts_total counter\nmoltgate_model_attempts_total " +
      std::to_string(model_attempts_) + "\n";
  text +=
      "# HELP moltgate_model_streams_without_usage_total Streams that ended before their usage "
      "came: no row.\n"
      "# TYPE moltgate_model_streams_without_usage_total counter\n"
      "moltgate_model_streams_without_usage_total " +
      std::to_string(streams_without_usage_) + "\n";
  return text;
}

}  // namespace mg
