// Of the connections that a process may have, no host gets them all: so whoever opens as many as it
// can leaves room for the others. Nobody tells when a connection ends: the sockets that are open
// are counted, and only when most places are taken. Used by one thread.
#ifndef MARGINALIA_SERVICES_NET_HOST_PLACES_H_
#define MARGINALIA_SERVICES_NET_HOST_PLACES_H_

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// How many of four places one host may have. A proxy in front, of which there may be one alone, has
// most of them.
inline constexpr int kHostQuarters = 3;
// How long a count is believed; what was accepted since is added to it.
inline constexpr absl::Duration kHostCountAge = absl::Milliseconds(100);

class HostPlaces {
 public:
  // Whether a connection of `host` (peer_name.h) that was accepted as `socket` may stay, where the
  // sockets below `sockets_end` are the places.
  bool Take(int socket, int sockets_end, std::string_view host);

 private:
  void Count(int sockets_end);

  // Connections by host, as last counted.
  absl::flat_hash_map<std::string, int> counts_;
  SteadyTime count_again_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_HOST_PLACES_H_
