// Steps that look at the gateway's metrics.
#include <cstdlib>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "scenarios/run/execution.h"

namespace mg::scenario {
namespace {

struct Sample {
  std::string_view name, labels;  // labels as they are written: a="b",c="d"
  double value = 0;
};

// One line of Prometheus' text format. nullopt: a comment, or none.
std::optional<Sample> SampleOf(std::string_view line) {
  const std::size_t space = line.rfind(' ');
  if (line.empty() || line.front() == '#' || space == std::string_view::npos) return std::nullopt;
  Sample sample;
  sample.value = std::strtod(std::string(line.substr(space + 1)).c_str(), nullptr);
  sample.name = line.substr(0, space);
  const std::size_t brace = sample.name.find('{');
  if (brace == std::string_view::npos) return sample;
  sample.labels = sample.name.substr(brace + 1, sample.name.size() - brace - 2);
  sample.name = sample.name.substr(0, brace);
  return sample;
}

bool HasLabel(std::string_view labels, const std::string& label, const std::string& value) {
  const std::string wanted = label + "=\"" + value + "\"";
  const std::size_t at = labels.find(wanted);
  return at != std::string_view::npos && (at == 0 || labels[at - 1] == ',');
}

}  // namespace

// {"value"}: the sum of the samples that have these labels; null without one.
Execution::Checked Execution::DoMetric(const Step& step) {
  MG_TRY(text, target_.Metrics());
  std::string name;
  Json where = Json::object();
  {
    const Lock lock(mutex_);
    MG_TRY(named, ResolveText(*step.action->Find("name"), variables_));
    name = named;
    if (const JsoncNode* labels = step.action->Find("where")) {
      MG_TRY(wanted, Resolve(*labels, variables_));
      where = std::move(wanted);
    }
  }
  std::optional<double> sum;
  for (const std::string_view line : Split(text, '\n')) {
    const auto sample = SampleOf(line);
    bool counts = sample && sample->name == name;
    for (const auto& [label, value] : where.items())
      counts = counts && HasLabel(sample->labels, label, value.get<std::string>());
    if (counts) sum = sum.value_or(0) + sample->value;
  }
  Json actual{{"value", nullptr}};
  if (sum)
    actual["value"] = *sum == static_cast<double>(static_cast<std::int64_t>(*sum))
                          ? Json(static_cast<std::int64_t>(*sum))
                          : Json(*sum);
  if (step.expect != nullptr)
    if (auto wrong = Compare(*step.expect, actual, "metric-mismatch", name)) return wrong;
  MG_RETURN_IF_ERROR(Capture(step, actual));
  return std::optional<Failure>();
}

}  // namespace mg::scenario
