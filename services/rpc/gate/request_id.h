// The id that one request carries through every process and log line. Pure functions, thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_GATE_REQUEST_ID_H_
#define MARGINALIA_SERVICES_RPC_GATE_REQUEST_ID_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kRequestIdCharactersMax = 64;

// A new id of 75 random bits.
std::string NewRequestId();

// Whether a caller's own id may be used: 1 to 64 characters of [A-Za-z0-9._-].
bool IsRequestId(std::string_view text);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_GATE_REQUEST_ID_H_
