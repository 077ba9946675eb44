// What has arrived at a connection's other end. Apart from the rest, because the kernel's header
// and that of Asio's both define what it comes in. Thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_ACKNOWLEDGED_BYTES_H_
#define MARGINALIA_GATEWAY_HTTP_ACKNOWLEDGED_BYTES_H_

#include <cstdint>

namespace marginalia {

// The bytes that the peer of a TCP socket has acknowledged since it was opened.
std::uint64_t AcknowledgedBytes(int socket);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_ACKNOWLEDGED_BYTES_H_
