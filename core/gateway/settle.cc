#include "core/gateway/settle.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/gateway/gates/gates.h"
#include "core/gateway/limit_headers.h"

namespace mg {
namespace {

// LIM-9: what guessing looks like. An answer of the agent's or of a route is not a refusal.
bool IsChargedRefusal(const Exchange& exchange, int status) {
  const bool route_wants_it = exchange.route == nullptr || exchange.route->failure_budget;
  return route_wants_it && exchange.listener == Listener::kPublic &&
         exchange.stopped_by != "answer" &&
         (status == 400 || status == 401 || status == 403 || status == 404);
}

void SettleLimits(Exchange& exchange, Services& services, Response& response) {
  if (services.settings.limits.failure_budget_max > 0 && exchange.listener == Listener::kPublic) {
    const Budget budget = FailureBudget(exchange, services.settings);
    if (IsChargedRefusal(exchange, response.status)) services.address_limiter.Charge(budget);
    if (!exchange.allowance && (exchange.route == nullptr || exchange.route->failure_budget)) {
      exchange.allowance = services.address_limiter.Peek(budget);
    }
  }
  if (!exchange.allowance) return;
  SetLimitHeaders(*exchange.allowance, response.headers);
}

// What the gateway says itself is for this caller and this moment, and is what its type says.
void SetOwnHeaders(Headers& headers) {
  headers.Set("x-content-type-options", "nosniff");
  if (!headers.Has("cache-control")) headers.Set("cache-control", "no-store");
}

template <class Unit>
std::int64_t In(Nanos duration) {
  return std::chrono::duration_cast<Unit>(duration).count();
}

// All that is owed when an answer has gone out. By value: a stream outlives its exchange.
struct Settlement {
  Services& services;
  Instant began;
  std::string request_id;
  std::string_view route;
  std::string method;
  int status;
  std::string_view stopped_by;
  std::string client_address;
  std::shared_ptr<const Tenant> tenant;
  std::optional<ModelTrace> model;
  std::optional<Nanos> head_after;  // of a stream

  void Pay();

 private:
  void ReadStream();
  void PayModel(Nanos duration);
  void WriteLogLine(Nanos duration) const;
};

void Settlement::Pay() {
  const Nanos duration = services.runtime.Now() - began;
  if (model && model->stream) ReadStream();
  if (model) PayModel(duration);
  services.metrics.CountRequest(route, status, stopped_by, duration);
  WriteLogLine(duration);
}

// What only the end of a stream tells.
void Settlement::ReadStream() {
  StreamReport report = model->stream->report();
  model->usage = report.usage;
  model->cause = std::move(report.cause);
  if (report.end == StreamEnd::kWhole) return;
  model->outcome = StreamEndName(report.end);
  if (report.end == StreamEnd::kCallerGone) return;
  services.log.Write(LogLevel::kWarn, "model_stream_broken",
                     {{"request_id", request_id},
                      {"sandbox_id", tenant->sandbox_id},
                      {"model", model->model},
                      {"end", std::string(model->outcome)},
                      {"cause", model->cause}});
}

void Settlement::PayModel(Nanos duration) {
  services.metrics.CountModelCall(model->model, model->outcome, model->attempts);
  if (!model->billed) return;
  if (model->usage) {
    services.usage.Record(UsageRow{tenant->id, model->model, model->usage->in, model->usage->out,
                                   In<std::chrono::milliseconds>(duration)});
  } else if (model->stream) {
    services.metrics.CountStreamWithoutUsage();  // USG-5
  }
}

void Settlement::WriteLogLine(Nanos duration) const {
  std::vector<LogField> fields{
      {"request_id", request_id},
      {"route", std::string(route)},
      {"method", method},
      {"status", std::int64_t{status}},
      {"duration_us", In<std::chrono::microseconds>(duration)},
      {"stopped_by", std::string(stopped_by)},
      {"client", client_address},
  };
  if (head_after) fields.push_back({"head_us", In<std::chrono::microseconds>(*head_after)});
  if (tenant) fields.push_back({"sandbox_id", tenant->sandbox_id});
  if (model) {
    fields.push_back({"model", model->model});
    fields.push_back({"step", std::int64_t{model->step}});
    fields.push_back({"attempts", std::int64_t{model->attempts}});
    if (model->stream) fields.push_back({"stream", std::string(model->outcome)});
    if (!model->cause.empty()) fields.push_back({"cause", model->cause});
  }
  services.log.Write(LogLevel::kInfo, "request", std::move(fields));
}

// Passes a stream on, and pays what is owed when it has ended: read to its end (the last byte of a
// known length is one), broken, or let go because the caller went.
class SettlingBody final : public BodyStream {
 public:
  SettlingBody(const Body& inner, Settlement owed)
      : inner_(inner.stream()), left_(inner.length()), owed_(std::move(owed)) {}
  ~SettlingBody() override { Pay(); }
  SettlingBody(const SettlingBody&) = delete;
  SettlingBody& operator=(const SettlingBody&) = delete;

  Result<std::string> Next(Instant deadline) override {
    auto piece = inner_->Next(deadline);
    if (!piece || piece->empty()) {
      Pay();
    } else if (left_) {
      *left_ -= std::min<std::uint64_t>(*left_, piece->size());
      if (*left_ == 0) Pay();
    }
    return piece;
  }

 private:
  void Pay() {
    if (owed_) owed_->Pay();
    owed_.reset();
  }

  const std::shared_ptr<BodyStream> inner_;
  std::optional<std::uint64_t> left_;
  std::optional<Settlement> owed_;
};

}  // namespace

void Settle(Exchange& exchange, Services& services, Response& response) {
  SettleLimits(exchange, services, response);
  if (!exchange.answered_by_agent) SetOwnHeaders(response.headers);
  const std::string_view route = exchange.route == nullptr ? "none" : exchange.route->name;
  response.headers.Set("x-request-id", exchange.request_id);
  if (services.settings.dev_mode || services.settings.e2e_test_mode) {  // ACC-5
    response.headers.Set("x-moltgate-dev-mode", "true");
  }
  // For the journal of the edge in this process, which takes it off again.
  if (exchange.peer.via_trusted_edge) response.headers.Set("x-moltgate-route", route);
  Settlement owed{services,
                  exchange.began,
                  exchange.request_id,
                  route,
                  exchange.request.method,
                  response.status,
                  exchange.stopped_by,
                  exchange.client_address,
                  exchange.tenant,
                  std::move(exchange.model),
                  std::nullopt};
  if (!response.body.is_stream()) return owed.Pay();
  owed.head_after = services.runtime.Now() - exchange.began;
  const auto length = response.body.length();
  response.body = Body(std::make_shared<SettlingBody>(response.body, std::move(owed)), length);
}

}  // namespace mg
