// What gRPC itself counts of the servers of this process and their connections (its channelz, whose
// C interface answers in JSON). Needs a gRPC that is initialized. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_CHANNELZ_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_CHANNELZ_H_

#include <cstdint>
#include <string>
#include <vector>

namespace marginalia {

// A connection of a client to one of the servers.
struct ServedConnection {
  std::int64_t id = 0;  // no other connection of the process ever has it
  std::string peer;     // "ipv4:192.0.2.1:50000", or "ipv6:%5B2001:db8::1%5D:50000"
  int local_port = 0;   // of the listener
  // Calls that the server is not done with, whether or not the client still waits for them.
  std::int64_t unfinished_calls = 0;
  // Of those, at least so many have a message that has not come whole, as long as those that were
  // reset had none: a call that its client gave up before its message came must not count for ever.
  std::int64_t messages_to_come = 0;
  // Those that ended without an answer, since it began: its client has reset them.
  std::int64_t reset_calls = 0;
  // Since it began, without large messages that came whole (received_bytes.h).
  std::int64_t received_bytes = 0;
};

// Calls of all connections that were not answered: not yet, or never, since their clients had
// cancelled them. Costs a few microseconds.
std::int64_t CallsNotAnswered();

// Costs a few microseconds for each connection.
std::vector<ServedConnection> ServedConnections();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_CHANNELZ_H_
