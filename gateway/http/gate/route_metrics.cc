#include "gateway/http/gate/route_metrics.h"

namespace marginalia {

RouteMetrics::RouteMetrics(Metrics& metrics, std::string_view route)
    : metrics_(metrics),
      route_(route),
      seconds_(metrics.AddHistogram("marginalia_http_request_seconds",
                                    "Seconds from the whole request to its answer; of a stream, to "
                                    "its end.",
                                    {{"route", route_}})) {}

void RouteMetrics::Ended(int status, absl::Duration took) {
  std::atomic<Counter*>& slot = requests_[static_cast<std::size_t>(status) % kStatusesMax];
  Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Two threads may both make it: they are handed the same one, or one more of the same name.
    counter = metrics_.AddCounter("marginalia_http_requests_total", "HTTP requests answered.",
                                  {{"route", route_}, {"code", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);
  }
  counter->Add();
  seconds_->Observe(absl::ToDoubleSeconds(took));
}

}  // namespace marginalia
