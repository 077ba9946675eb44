// What the clients of the replicas were told while things went wrong, and the check that the state
// agrees with it: every acknowledged comment is there once, positions, numbers and sequences have
// no gaps, audit entries and events match one to one, and comments, revisions, threads and counts
// are those of the log, whichever replica is asked. Thread-safe.
#ifndef MARGINALIA_TESTS_REPLICAS_REPLICA_HISTORY_H_
#define MARGINALIA_TESTS_REPLICAS_REPLICA_HISTORY_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/faults/log_model.h"
#include "tests/replicas/replica_clients.h"
#include "tests/replicas/replica_set.h"

namespace marginalia {

struct Thread {
  std::string org_id;
  std::string invoice_id;
};

// Makes so many invoices for each tenant, whose numbers begin with `prefix`.
std::vector<Thread> MakeThreads(ReplicaSet& replicas, ReplicaClients& clients,
                                const std::vector<std::string>& orgs, int threads_each,
                                const std::string& prefix = "INV-");

// A comment as its poster was told of it.
struct Told {
  std::string org_id;
  std::string invoice_id;
  std::string body;
  std::int64_t sequence = 0;
  // Within the tenant. 0: an answer over HTTP, which does not say.
  std::int64_t number = 0;
  // The replica that was asked first.
  std::string via;
};

class ReplicaHistory {
 public:
  void Acknowledge(const std::string& comment_id, Told told);
  std::size_t size() const;
  // Waits until each of these replicas has acknowledged `count` more than now.
  bool AwaitMoreFromEach(const std::vector<std::string>& replicas, int count,
                         std::chrono::seconds limit) const;

  // How many comments of each thread are acknowledged.
  std::map<std::string, std::int64_t> CountByInvoice() const;

  // What the whole log says, which must be what was audited. `threads` are all that were written
  // to, here and below.
  static LogModel ReadLog(ReplicaSet& replicas, ReplicaClients& clients,
                          const std::vector<Thread>& threads);

  void Check(ReplicaSet& replicas, ReplicaClients& clients,
             const std::vector<Thread>& threads) const;
  void Check(ReplicaSet& replicas, ReplicaClients& clients, const std::vector<Thread>& threads,
             const LogModel& model) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::map<std::string, Told> told_;         // guarded by mutex_, by comment id
  std::map<std::string, int> count_by_via_;  // guarded by mutex_
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_REPLICA_HISTORY_H_
