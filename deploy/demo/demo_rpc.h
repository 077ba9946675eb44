// Puts the demo content in through the public RPCs, as any other client would, and reads it.
#ifndef MARGINALIA_DEPLOY_DEMO_DEMO_RPC_H_
#define MARGINALIA_DEPLOY_DEMO_DEMO_RPC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "deploy/demo/demo_data.h"
#include "deploy/keys/token_mint.h"

namespace marginalia {

struct DemoTarget {
  std::string comments_address;
  std::string invoices_address;
  // The comments' offsets count back from here.
  absl::Time first_start;
};

// Every id is derived from what it names, and every step asks what is there already: a load that
// was interrupted is completed by the next one, and a repeated one changes nothing. Invoices are
// made by a person of their tenant, threads are imported by a service, and then edited, removed and
// resolved by the people who do that. Errors name the invoice and the RPC.
absl::Status LoadDemo(const std::vector<DemoTenant>& tenants, const DemoTarget& target,
                      const TokenMint& mint);

// Returns when invoice-service has answered each tenant with counts of all that comments-service's
// log holds by now: what anybody reads from then on is no older.
absl::Status AwaitFreshReads(const std::vector<DemoTenant>& tenants, const DemoTarget& target,
                             const TokenMint& mint);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_DEMO_DEMO_RPC_H_
