// Whether and how events are relayed to a broker, as the process's flags say.
#ifndef MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_FLAGS_H_
#define MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_FLAGS_H_

#include <cstddef>
#include <optional>

#include "comments-service/relay/relay_stream.h"

namespace marginalia {

inline constexpr std::size_t kBrokerServersMax = 16;
inline constexpr std::size_t kStreamNameCharactersMax = 64;

// Nothing without --nats_url. Ends the process with 2 when a flag's value will not do, and with 1
// when a file will not. After ParseConfigOrExit.
std::optional<RelayStreamOptions> RelayFromFlags();

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RELAY_RELAY_FLAGS_H_
