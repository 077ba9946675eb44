// How many calls a host may reset before they are answered. Whoever resets no faster than the
// server ends them has few unfinished at any time, and yet gRPC 1.51 reads on from him for as long
// as there is something to read, on the thread that others' connections wait for. Used by one
// thread.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_RESET_BUDGET_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_RESET_BUDGET_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/rpc/server/server.h"
#include "services/rpc/shield/channelz.h"

namespace marginalia {

// Of each host (peer_name.h), over all its connections; it may save up one second's worth. Twice
// what may be open on one of them.
inline constexpr std::int64_t kResetCallsPerSecondMax = 2 * kStreamsPerConnectionMax;

class ResetBudget {
 public:
  // The ids of the connections with which a host has reset more than it may, since the last
  // look. A connection that was not there then has done all that it did since.
  std::unordered_set<std::int64_t> Overspent(const std::vector<ServedConnection>& connections,
                                             SteadyTime now);

 private:
  // At the last look: how many calls each connection had reset, and what each host had spent of
  // what it had saved.
  std::unordered_map<std::int64_t, std::int64_t> seen_;
  std::unordered_map<std::string, double> spent_;
  SteadyTime looked_at_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_RESET_BUDGET_H_
