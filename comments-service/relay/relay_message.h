// One event of the log, or one checkpoint of a tenant's record, as a broker gets it: a CloudEvent
// 1.0 in structured JSON, the subject that it is published under, and the id by which a copy of it
// is known. Pure functions, thread-safe.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_MESSAGE_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_MESSAGE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "comments-service/record/checkpoint.h"
#include "services/events/log/event.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

inline constexpr char kRelayContentType[] = "application/cloudevents+json; charset=utf-8";
// Every subject that the relay publishes under.
inline constexpr char kRelaySubjects[] = "marginalia.>";

struct RelayMessage {
  // marginalia.<org>.<invoice id>.comment_added, or marginalia.<org>.checkpoint, each part by
  // SubjectToken.
  std::string subject;
  // <log id>-<position>: the same for each copy of the event, and for no other event. Of a
  // checkpoint <log id>-<position>-checkpoint-<org>-<size>, with the event that it came behind.
  std::string id;
  std::string body;
};

// Errors: UNIMPLEMENTED for a kind of event that this version does not know, DATA_LOSS for a
// payload that is none.
absl::StatusOr<RelayMessage> MakeRelayMessage(const Event& event, std::string_view log_id);

// A signed checkpoint of the tenant's record, published behind the event at `point`.
RelayMessage MakeCheckpointMessage(std::string_view org_id, const Checkpoint& checkpoint,
                                   std::string_view note, const LogPoint& point);

// `text` as one token of a subject: letters, digits, '-' and '_' as they are, every other byte as
// '%' and two hexadecimal digits, as RFC 3986 encodes them. A dot would begin another token, and
// NATS takes '*', '>' and white space for something else.
// https://docs.nats.io/nats-concepts/subjects
std::string SubjectToken(std::string_view text);

// The log and the position that an id names: all events up to there are in the stream. Nothing when
// it is no id of the relay's.
std::optional<LogPoint> ParseRelayMessageId(std::string_view id);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_MESSAGE_H_
