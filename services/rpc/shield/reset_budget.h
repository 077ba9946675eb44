// How many calls a connection may reset before they are answered. Whoever resets no faster than the
// server ends them has few unfinished at any time, and yet gRPC 1.51 reads on from him for as long
// as there is something to read, on the thread that others' connections wait for. Used by one
// thread.
#ifndef MARGINALIA_SERVICES_RPC_SHIELD_RESET_BUDGET_H_
#define MARGINALIA_SERVICES_RPC_SHIELD_RESET_BUDGET_H_

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "services/process/stopwatch.h"
#include "services/rpc/server/server.h"
#include "services/rpc/shield/channelz.h"

namespace marginalia {

// Of each connection, which may save up one second's worth: all that may be open, twice.
inline constexpr std::int64_t kResetCallsPerSecondMax = 2 * kStreamsPerConnectionMax;

class ResetBudget {
 public:
  // The ids of those that have reset more than they may, by what was seen of them before. What a
  // connection did before it is seen for the first time is not held against it: it may be old.
  std::unordered_set<std::int64_t> Overspent(const std::vector<ServedConnection>& connections,
                                             SteadyTime now);

 private:
  struct Seen {
    std::int64_t reset_calls = 0;
    SteadyTime at;
    double spent = 0;  // of what it had saved
  };
  std::unordered_map<std::int64_t, Seen> seen_;  // of the connections of the last look
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_SHIELD_RESET_BUDGET_H_
