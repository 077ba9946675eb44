// Everything of a test with several replicas: the database, the processes, clients and tenants with
// their threads.
#ifndef MARGINALIA_TESTS_REPLICAS_REPLICAS_FIXTURE_H_
#define MARGINALIA_TESTS_REPLICAS_REPLICAS_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/faults/record_watch.h"
#include "tests/replicas/fault_notice.h"
#include "tests/replicas/posters.h"
#include "tests/replicas/replica_clients.h"
#include "tests/replicas/replica_history.h"
#include "tests/replicas/replica_set.h"
#include "tests/replicas/watchdog.h"
#include "tests/replicas/watchers.h"
#include "tests/support/postgres_node.h"

namespace marginalia {

// Watches each tenant's record, at all replicas in turn.
inline std::unique_ptr<RecordWatch> WatchRecords(ReplicaSet& replicas,
                                                 const std::vector<std::string>& orgs) {
  std::vector<std::string> addresses;
  for (const auto& replica : replicas.comments()) addresses.push_back(replica->address());
  std::vector<RecordWatch::Tenant> tenants;
  for (const std::string& org : orgs) {
    tenants.push_back({org, replicas.Token("alex", "admin", org)});
  }
  return std::make_unique<RecordWatch>(addresses, tenants, replicas.checkpoint_key());
}

class ReplicasFixture : public testing::Test {
 protected:
  // Waits until every comments-service and gateway that is up has acknowledged more.
  void AwaitProgressOfAll(int acknowledged_each = 20) {
    constexpr std::chrono::seconds kProgressMax{30};
    std::vector<std::string> names;
    for (const auto& replica : replicas_.comments()) names.push_back(replica->name());
    for (const auto& gateway : replicas_.gateways()) names.push_back(gateway->name());
    EXPECT_TRUE(history_.AwaitMoreFromEach(names, acknowledged_each, kProgressMax))
        << "the load makes no progress " << notice_.Describe();
  }

  PostgresNode node_;
  FaultNotice notice_;
  ReplicaSet replicas_{{.node = &node_}};
  ReplicaClients clients_{replicas_, notice_};
  const std::vector<Thread> threads_ =
      MakeThreads(replicas_, clients_, {"northlight", "harbor", "quarry"}, 3);
  ReplicaHistory history_;
};

// A count of rounds from the environment, or what fits here. MARGINALIA's own variables are flags
// of its processes, so these are named otherwise.
inline int RoundsFromEnvironment(const char* name, int otherwise) {
  const char* asked = std::getenv(name);
  return asked == nullptr ? otherwise : std::atoi(asked);
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_REPLICAS_FIXTURE_H_
