// Relays the event log to a broker: publishes every committed event, in the log's order, on a
// thread of its own that commits and watchers never wait for. What the stream holds says how far
// it has got, so that a relay that was killed, or lost an answer, goes on right where the stream
// ends; the position in the database is for what the stream cannot tell. Of several replicas one
// relays. With a key it publishes the signed checkpoints of the record as well. Owned by main.
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/relay/relay_checkpoints.h"
#include "comments-service/relay/relay_position_store.h"
#include "comments-service/relay/relay_status.h"
#include "comments-service/relay/relay_stream.h"
#include "services/events/log/event_feed.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/storage/turn.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

// Published and not acknowledged yet.
inline constexpr std::size_t kRelayEventsInFlightMax = 256;
inline constexpr absl::Duration kRelayRetryMin = absl::Milliseconds(100);
inline constexpr absl::Duration kRelayRetryMax = absl::Seconds(15);
// How often a replica whose turn it is not asks again, and one whose turn it is whether it still
// is.
inline constexpr absl::Duration kRelayTurnInterval = absl::Seconds(1);
// The position is stored this often at most: a write of its own for each event would slow commits.
inline constexpr absl::Duration kRelayPositionInterval = absl::Seconds(1);

class Relay {
 public:
  // Starts to relay. All must outlive it, and the feed's log the metrics. Null `checkpoints`: none
  // are published.
  Relay(RelayStreamOptions options, std::string database_url, Database& database,
        GroupCommit& writes, EventFeed& feed, Checkpoints* checkpoints, Metrics& metrics);
  // Stops without waiting for the broker; what it has not acknowledged is looked up next time.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

 private:
  void Run(const std::stop_token& stop);
  // Until something fails, or stop. FAILED_PRECONDITION, UNAVAILABLE and so on say what; OK: it is
  // another replica's turn.
  absl::Status RelayOnce(const std::stop_token& stop);
  absl::Status RelayInto(RelayStream& stream, const std::stop_token& stop);
  // Finds out where the stream ends, and so what follows.
  absl::Status Resume(RelayStream& stream);
  absl::Status Follow(RelayStream& stream, const std::stop_token& stop);
  absl::Status PublishNext(RelayStream& stream, const std::vector<EventPointer>& events,
                           const std::stop_token& stop);
  absl::Status PublishCheckpoints(RelayStream& stream, const std::stop_token& stop);
  absl::Status SkipToOldest();
  absl::Status LoadPosition();
  void StorePosition();
  void AwaitEvents(const std::stop_token& stop);
  bool ending(const std::stop_token& stop) const;

  const RelayStreamOptions options_;
  Database& database_;
  GroupCommit& writes_;
  EventFeed& feed_;
  RelayStatus status_;

  // The relay thread's own.
  Turn turn_;
  RelayPosition position_;
  RelayPosition stored_;
  SteadyTime next_store_;
  bool progressed_ = false;
  std::optional<RelayCheckpoints> checkpoints_;

  std::jthread thread_;
};

// Null without options: there is no broker.
std::unique_ptr<Relay> StartRelay(const std::optional<RelayStreamOptions>& options,
                                  const std::string& database_url, Database& database,
                                  GroupCommit& writes, EventFeed& feed, Checkpoints* checkpoints,
                                  Metrics& metrics);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_H_
