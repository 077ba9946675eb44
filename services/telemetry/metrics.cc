#include "services/telemetry/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <exception>
#include <iterator>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "services/telemetry/process_metrics.h"
#include "services/telemetry/quick_stop.h"

namespace marginalia {
namespace {

// One scraper, and one more that somebody points at it by hand.
constexpr char kExposerThreads[] = "2";
constexpr char kExposerTimeoutMs[] = "10000";
constexpr int kCodesMax = 17;  // absl::StatusCode 0 to 16

prometheus::Histogram::BucketBoundaries SecondsBuckets() {
  return {std::begin(kSecondsBounds), std::end(kSecondsBounds)};
}

class PrometheusCounter : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(std::int64_t amount) override { counter_.Increment(static_cast<double>(amount)); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusHistogram : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

class PrometheusCall : public CallMetrics {
 public:
  PrometheusCall(prometheus::Family<prometheus::Counter>& handled, prometheus::Labels labels,
                 prometheus::Histogram& seconds)
      : handled_(handled), labels_(std::move(labels)), seconds_(seconds) {}

  void Ended(absl::StatusCode code, absl::Duration took) override {
    const int index = static_cast<int>(code);
    CounterOf(index >= 0 && index < kCodesMax ? index
                                              : static_cast<int>(absl::StatusCode::kUnknown))
        .Increment();
    seconds_.Observe(absl::ToDoubleSeconds(took));
  }

 private:
  // Made when a call first ends with the code, so that a scrape lists only what has happened. Two
  // threads may both make it: the family hands both the same counter.
  prometheus::Counter& CounterOf(int code) {
    std::atomic<prometheus::Counter*>& slot = counters_[static_cast<std::size_t>(code)];
    prometheus::Counter* counter = slot.load(std::memory_order_acquire);
    if (counter == nullptr) {
      prometheus::Labels labels = labels_;
      labels["grpc_code"] = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
      counter = &handled_.Add(labels);
      slot.store(counter, std::memory_order_release);
    }
    return *counter;
  }

  prometheus::Family<prometheus::Counter>& handled_;
  const prometheus::Labels labels_;
  prometheus::Histogram& seconds_;
  std::array<std::atomic<prometheus::Counter*>, kCodesMax> counters_{};
};

std::vector<prometheus::ClientMetric::Label> LabelsOf(const MetricLabels& labels) {
  std::vector<prometheus::ClientMetric::Label> result;
  for (const auto& [name, value] : labels) result.push_back({name, value});
  return result;
}

void FillHistogram(prometheus::ClientMetric& metric, const Distribution& values) {
  std::uint64_t count = 0;
  const std::vector<std::uint64_t> counts = values.Counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool last = i == values.bounds().size();
    count += counts[i];
    metric.histogram.bucket.push_back(
        {count, last ? std::numeric_limits<double>::infinity() : values.bounds()[i]});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = values.sum();
}

// The metrics whose values are asked for at every scrape.
class AskedMetrics : public prometheus::Collectable {
 public:
  using Fill = absl::AnyInvocable<void(prometheus::ClientMetric&) const>;

  void Add(prometheus::MetricType type, const std::string& name, const std::string& help,
           MetricLabels labels, Fill fill) {
    const std::lock_guard lock(mutex_);
    AskedFamily& family = families_[name];
    family.type = type;
    family.help = help;
    family.metrics.push_back({LabelsOf(labels), std::move(fill)});
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> result = ProcessMetrics();
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      prometheus::MetricFamily collected;
      collected.name = name;
      collected.help = family.help;
      collected.type = family.type;
      for (const auto& asked : family.metrics) {
        prometheus::ClientMetric metric;
        metric.label = asked.labels;
        asked.fill(metric);
        collected.metric.push_back(std::move(metric));
      }
      result.push_back(std::move(collected));
    }
    return result;
  }

 private:
  struct AskedMetric {
    std::vector<prometheus::ClientMetric::Label> labels;
    Fill fill;
  };
  struct AskedFamily {
    prometheus::MetricType type = prometheus::MetricType::Untyped;
    std::string help;
    std::vector<AskedMetric> metrics;
  };

  mutable std::mutex mutex_;
  std::map<std::string, AskedFamily> families_;
};

}  // namespace

struct Metrics::State {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  std::shared_ptr<AskedMetrics> asked = std::make_shared<AskedMetrics>();
  std::mutex mutex;
  std::vector<std::unique_ptr<Counter>> counters;
  std::vector<std::unique_ptr<Histogram>> histograms;
  std::vector<std::unique_ptr<CallMetrics>> calls;
  std::string address;
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}

// It stops to ask before anything that it asks is gone.
Metrics::~Metrics() {
  if (state_->exposer != nullptr) StopQuickly(std::move(state_->exposer), state_->address);
}

absl::Status Metrics::Serve(const std::string& address) {
  try {
    state_->exposer = std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", address, "num_threads", kExposerThreads,
                                 "request_timeout_ms", kExposerTimeoutMs});
  } catch (const std::exception& error) {
    return absl::UnavailableError("cannot serve metrics on " + address +
                                  ": is the port taken, or the host not one of this machine's?");
  }
  state_->exposer->RegisterCollectable(state_->registry);
  state_->exposer->RegisterCollectable(state_->asked);
  const std::vector<int> ports = state_->exposer->GetListeningPorts();
  state_->address = address.substr(0, address.rfind(':') + 1) +
                    (ports.empty() ? "0" : std::to_string(ports.front()));
  return absl::OkStatus();
}

std::string Metrics::address() const { return state_->address; }

Counter* Metrics::AddCounter(const std::string& name, const std::string& help,
                             MetricLabels labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(*state_->registry);
  auto counter = std::make_unique<PrometheusCounter>(family.Add(labels));
  const std::lock_guard lock(state_->mutex);
  return state_->counters.emplace_back(std::move(counter)).get();
}

Histogram* Metrics::AddHistogram(const std::string& name, const std::string& help,
                                 MetricLabels labels) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(*state_->registry);
  auto histogram = std::make_unique<PrometheusHistogram>(family.Add(labels, SecondsBuckets()));
  const std::lock_guard lock(state_->mutex);
  return state_->histograms.emplace_back(std::move(histogram)).get();
}

void Metrics::AddGauge(const std::string& name, const std::string& help, MetricLabels labels,
                       absl::AnyInvocable<double() const> value) {
  state_->asked->Add(prometheus::MetricType::Gauge, name, help, std::move(labels),
                     [value = std::move(value)](prometheus::ClientMetric& metric) {
                       metric.gauge.value = value();
                     });
}

void Metrics::AddCounter(const std::string& name, const std::string& help, MetricLabels labels,
                         absl::AnyInvocable<double() const> value) {
  state_->asked->Add(prometheus::MetricType::Counter, name, help, std::move(labels),
                     [value = std::move(value)](prometheus::ClientMetric& metric) {
                       metric.counter.value = value();
                     });
}

void Metrics::AddHistogram(const std::string& name, const std::string& help, MetricLabels labels,
                           const Distribution& values) {
  state_->asked->Add(
      prometheus::MetricType::Histogram, name, help, std::move(labels),
      [&values](prometheus::ClientMetric& metric) { FillHistogram(metric, values); });
}

CallMetrics* Metrics::AddCall(const std::string& service, const std::string& method,
                              const std::string& type) {
  const prometheus::Labels labels = {
      {"grpc_service", service}, {"grpc_method", method}, {"grpc_type", type}};
  auto& handled = prometheus::BuildCounter()
                      .Name("grpc_server_handled_total")
                      .Help("Calls that have ended, by how.")
                      .Register(*state_->registry);
  auto& seconds = prometheus::BuildHistogram()
                      .Name("grpc_server_handling_seconds")
                      .Help("How long calls took, from the gate to the last byte handed to gRPC.")
                      .Register(*state_->registry);
  auto call =
      std::make_unique<PrometheusCall>(handled, labels, seconds.Add(labels, SecondsBuckets()));
  const std::lock_guard lock(state_->mutex);
  return state_->calls.emplace_back(std::move(call)).get();
}

}  // namespace marginalia
