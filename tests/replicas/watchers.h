// Threads that follow the event log through the replicas until stopped, from its beginning, over
// gRPC as a service and as each tenant's people, and browsers' event streams over HTTP. Each goes
// on at the next replica with its token when its stream ends, and checks that it sees everything in
// order and misses nothing; what comes twice does no harm. Used by one thread.
#ifndef MARGINALIA_TESTS_REPLICAS_WATCHERS_H_
#define MARGINALIA_TESTS_REPLICAS_WATCHERS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "marginalia/comments/v1/event.pb.h"
#include "tests/replicas/replica_history.h"

namespace marginalia {

class Watchers {
 public:
  // One watcher of everything for each comments-service, one for each tenant, and for each gateway
  // a browser on the first and one on the last thread. The log is empty and nobody posts yet.
  // Returns once the browsers' streams are open.
  Watchers(ReplicaSet& replicas, ReplicaClients& clients, const std::vector<Thread>& threads);
  ~Watchers();

  // Waits until everybody has seen all that was posted, or all that the log says happened. It must
  // have ended.
  void AwaitAllOf(const ReplicaHistory& history) { AwaitAll(history.CountByInvoice()); }
  void AwaitAllOf(const LogModel& model);

 private:
  struct Watch {
    std::string name;
    std::string token;
    // Whose events it sees: one tenant's, one thread's, or all when both are empty.
    std::string org_id;
    std::string invoice_id;
    // Where it asks next.
    std::size_t replica = 0;
    // The newest position, a tenant's number or the revision of a browser's thread, and how many
    // events have led there.
    std::int64_t reached = 0;
    std::int64_t events = 0;
    bool opened = false;
  };

  // How many events each invoice has.
  void AwaitAll(const std::map<std::string, std::int64_t>& counts);
  void Start(Watch watch);
  void Follow(Watch& watch);
  void FollowOneStream(Watch& watch, std::string& after_token);
  void Browse(Watch& watch);
  void BrowseOneStream(Watch& watch, std::string& last_id);
  void See(Watch& watch, const comments::v1::Event& event);
  void SeeInBrowser(Watch& watch, const ServerSentEvent& event);
  void Count(Watch& watch, std::int64_t point);
  // A stream that has ended is not asked for again at once. False: it is time to end.
  bool Pause();
  void Stop();

  ReplicaClients& clients_;
  std::map<std::string, std::string> org_by_invoice_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_, like what the watches reach
  // By whose events they are and where they stand there.
  std::map<std::pair<std::string, std::int64_t>, std::string> id_by_place_;  // guarded by mutex_
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<std::thread> threads_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_WATCHERS_H_
