#include "comments-service/relay/relay_status.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "services/process/log.h"

namespace marginalia {

RelayStatus::RelayStatus(std::string broker, const EventLog& log, Metrics& metrics)
    : broker_(std::move(broker)),
      published_(metrics.AddCounter("marginalia_relay_published_total",
                                    "Events that the broker has newly taken.")),
      duplicates_(metrics.AddCounter("marginalia_relay_duplicates_total",
                                     "Events published again that the broker had already.")),
      missed_(metrics.AddCounter(
          "marginalia_relay_missed_total",
          "Events that retention removed from the log before they were relayed.")) {
  metrics.AddGauge(
      "marginalia_relay_connected", "1 while this process relays events to the broker, else 0.", {},
      [shown = shown_] { return shown->situation == Situation::kRelaying ? 1.0 : 0.0; });
  metrics.AddGauge(
      "marginalia_relay_lag_positions",
      "Events of the log that the broker has not got yet; NaN while that is not known yet.", {},
      [shown = shown_, &log] {
        const std::int64_t position = shown->position;
        return position == kUnknown
                   ? std::numeric_limits<double>::quiet_NaN()
                   : static_cast<double>(std::max<std::int64_t>(0, log.head() - position));
      });
}

bool RelayStatus::ChangesTo(Situation situation, absl::StatusCode failure) {
  const bool changes = shown_->situation.exchange(situation) != situation || failure != failure_;
  failure_ = failure;
  return changes;
}

void RelayStatus::Relaying(std::int64_t position) {
  Reached(position);
  if (!ChangesTo(Situation::kRelaying)) return;
  Log(Severity::kInfo, "relaying events to the broker",
      {{"broker", std::string_view(broker_)}, {"after_position", position}});
}

void RelayStatus::StandingBy() {
  if (!ChangesTo(Situation::kStandingBy)) return;
  Log(Severity::kInfo, "another replica relays events to the broker",
      {{"broker", std::string_view(broker_)}});
}

void RelayStatus::Failing(const absl::Status& why) {
  if (!ChangesTo(Situation::kFailing, why.code())) return;
  Log(Severity::kWarning, "events are not relayed to the broker",
      {{"broker", std::string_view(broker_)},
       {"error", std::string(why.message())},
       {"position", std::max<std::int64_t>(0, shown_->position)}});
}

void RelayStatus::Reached(std::int64_t position) { shown_->position = position; }

void RelayStatus::Published(std::size_t published, std::size_t duplicates) {
  if (published > 0) published_->Add(static_cast<std::int64_t>(published));
  if (duplicates > 0) duplicates_->Add(static_cast<std::int64_t>(duplicates));
}

void RelayStatus::Missed(std::int64_t first, std::int64_t last) {
  missed_->Add(last - first + 1);
  Log(Severity::kError,
      "events were removed from the log before they were relayed: the broker will not get them. "
      "Consumers that keep state should read it again",
      {{"broker", std::string_view(broker_)}, {"first_position", first}, {"last_position", last}});
}

}  // namespace marginalia
