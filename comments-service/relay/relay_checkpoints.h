// Which tenants' checkpoints are to be published, so that they exist where nobody who has the
// database reaches: each when it has moved, once a minute at most. Used by the relay's thread.
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_CHECKPOINTS_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_CHECKPOINTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/audit/checkpoints.h"
#include "comments-service/relay/relay_message.h"
#include "services/process/stopwatch.h"
#include "services/storage/database.h"

namespace marginalia {

inline constexpr absl::Duration kRelayCheckpointInterval = absl::Minutes(1);
// Tenants looked at before events have their turn again.
inline constexpr int kRelayTenantsAtATime = 100;
// Tenants whose published size is remembered; those of others are published each time.
inline constexpr std::size_t kRelayCheckpointsRememberedMax = 100'000;

class RelayCheckpoints {
 public:
  // Neither is owned.
  RelayCheckpoints(Database& database, Checkpoints& checkpoints,
                   absl::Duration interval = kRelayCheckpointInterval)
      : database_(database), checkpoints_(checkpoints), interval_(interval) {}

  // Whether there are tenants to look at.
  bool due() const { return next_.passed(); }
  // The messages of the next few tenants that have moved. `point` is the event up to which the
  // stream has them all. The same ones again until they are Published. A tenant whose record is
  // damaged is left out, and told of in the log.
  absl::StatusOr<std::vector<RelayMessage>> Next(const LogPoint& point);
  // What Next gave is in the stream.
  void Published();

 private:
  Database& database_;
  Checkpoints& checkpoints_;
  const absl::Duration interval_;
  // When the next tenants' turn is, and where this round began and has got.
  SteadyTime next_;
  SteadyTime began_;
  std::string after_;
  // By tenant: how long its log was. Of what Next gave, and of what is published.
  std::unordered_map<std::string, std::int64_t> given_;
  std::unordered_map<std::string, std::int64_t> published_;
  // The last tenant that Next looked at, and whether there are more.
  std::string last_;
  bool more_ = false;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_CHECKPOINTS_H_
