// What the relay says of itself: one line of the log for each change of its situation, and metrics.
// The relay's thread writes it, the metrics' thread reads it.
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_STATUS_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_STATUS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "services/events/log/event_log.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

class RelayStatus {
 public:
  // `broker` is for the log. The log must outlive the metrics, which keep what they read.
  RelayStatus(std::string broker, const EventLog& log, Metrics& metrics);

  // This process relays, from after `position` on.
  void Relaying(std::int64_t position);
  // Another replica does.
  void StandingBy();
  // Nobody can: the broker or the database cannot be reached, or one of them refuses. Says why when
  // it is another kind of failure than before.
  void Failing(const absl::Status& why);

  // All events at or before `position` are in the stream, as far as this process knows.
  void Reached(std::int64_t position);
  void Published(std::size_t published, std::size_t duplicates);
  // The events from `first` to `last` were removed from the log before they were relayed.
  void Missed(std::int64_t first, std::int64_t last);

 private:
  enum class Situation { kStarting, kRelaying, kStandingBy, kFailing };
  // Before it has been read how far an earlier relay got.
  static constexpr std::int64_t kUnknown = -1;
  // Read by the metrics, which may outlive the relay.
  struct Shown {
    std::atomic<Situation> situation = Situation::kStarting;
    std::atomic<std::int64_t> position = kUnknown;
  };

  bool ChangesTo(Situation situation, absl::StatusCode failure = absl::StatusCode::kOk);

  const std::string broker_;
  const std::shared_ptr<Shown> shown_ = std::make_shared<Shown>();
  absl::StatusCode failure_ = absl::StatusCode::kOk;
  Counter* const published_;
  Counter* const duplicates_;
  Counter* const missed_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_STATUS_H_
