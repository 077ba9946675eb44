// One thing that goes wrong with a replica or with the database, and comes right again: chosen by a
// seeded generator, so that a run can be had again. Used by one thread.
#ifndef MARGINALIA_TESTS_REPLICAS_FAULTS_H_
#define MARGINALIA_TESTS_REPLICAS_FAULTS_H_

#include <random>
#include <string>

#include "tests/replicas/fault_notice.h"
#include "tests/replicas/replica_set.h"
#include "tests/support/postgres_node.h"

namespace marginalia {

class Faults {
 public:
  Faults(ReplicaSet& replicas, PostgresNode& node, FaultNotice& notice, unsigned seed)
      : replicas_(replicas), node_(node), notice_(notice), random_(seed) {}

  // Returns when it is over: the process runs, the link leads to the database, the server is up.
  void Next();

 private:
  void Kill(Replica& replica);
  void Stop(Replica& replica);
  void CutFromDatabase(Replica& replica);
  void BlackHole(Replica& replica);
  void RestartDatabase(int signal);
  void Begin(const std::string& what, bool database_gone = false);

  // From `least` to `most`.
  int Between(int least, int most);
  // How long the world stays as it is.
  void Last(int milliseconds_min, int milliseconds_max);

  ReplicaSet& replicas_;
  PostgresNode& node_;
  FaultNotice& notice_;
  std::mt19937 random_;
  int round_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_FAULTS_H_
