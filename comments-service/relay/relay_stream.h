// The JetStream stream that events are relayed into, over one connection to the broker, which is
// never mended: after a loss another one is made. The stream takes a message only right behind the
// one that it was published to follow, so that what it holds is the log in order whatever happens:
// a message that got lost, a second relay, or a relay that wakes up late. Used by one thread.
// https://docs.nats.io/nats-concepts/jetstream/headers
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_STREAM_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/relay/relay_message.h"

namespace marginalia {

// What a stream that the relay makes keeps, as much as the event log does by default; one that is
// there already is used as it is.
inline constexpr std::int64_t kStreamMessagesMax = 10'000'000;
inline constexpr absl::Duration kStreamAgeMax = absl::Hours(720);
// How long that stream knows a message again by its id.
inline constexpr absl::Duration kStreamDuplicateWindow = absl::Minutes(10);

inline constexpr absl::Duration kBrokerConnectMax = absl::Seconds(2);
// How long the broker may be silent while it is waited for: for an answer, or for the
// acknowledgement of a message.
inline constexpr absl::Duration kBrokerAnswerMax = absl::Seconds(5);
// An idle connection is asked so often whether it lives.
inline constexpr absl::Duration kBrokerPingInterval = absl::Seconds(10);

struct RelayStreamOptions {
  // nats://[user[:password]@]host[:port], or with tls://.
  std::vector<std::string> servers;
  // The same without users and passwords: for the log.
  std::string description;
  std::string stream;
  // Of a file with a user's JWT and its key; empty: none.
  std::string credentials_path;
  // Of the authorities of the broker's certificate, then over TLS; empty: as the scheme says.
  std::string ca_path;
};

struct StreamState {
  // In nanoseconds since 1970: a stream that was made again is another one.
  std::int64_t created = 0;
  std::int64_t last_sequence = 0;
  // The newest relayed event that it holds.
  std::optional<LogPoint> last_event;
};

struct PublishOutcome {
  // So many of the messages, from the first one on, are in the stream.
  std::size_t acknowledged = 0;
  // So many of those had been there before.
  std::size_t duplicates = 0;
  // OK when all are. ABORTED: the stream has moved on, look again. FAILED_PRECONDITION: the stream
  // refuses. UNAVAILABLE: nobody knows what became of the rest.
  absl::Status status;
};

class RelayStream {
 public:
  // UNAVAILABLE, naming the description, when no server can be reached or none lets us in.
  static absl::StatusOr<std::unique_ptr<RelayStream>> Connect(const RelayStreamOptions& options);
  ~RelayStream();
  RelayStream(const RelayStream&) = delete;
  RelayStream& operator=(const RelayStream&) = delete;

  // Makes the stream when there is none. Errors: UNAVAILABLE, FAILED_PRECONDITION.
  absl::StatusOr<StreamState> Look();

  // Publishes the messages in order behind `last_sequence`, the stream's newest one, and waits for
  // their acknowledgements, or until `stop`.
  PublishOutcome Publish(const std::vector<RelayMessage>& messages, std::int64_t last_sequence,
                         const std::stop_token& stop);

  bool connected() const;

 private:
  struct State;
  explicit RelayStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_STREAM_H_
