// Threads that do all that one can do with comments and threads until stopped: add, edit, remove,
// erase, resolve, reopen. Each change has an id and is asked for until it is answered; who is too
// late reads again, as a careful client would. After a part of them the change is read back by its
// token through another replica. What they were told is held against the log afterwards.
#ifndef MARGINALIA_TESTS_FAULTS_CHANGERS_H_
#define MARGINALIA_TESTS_FAULTS_CHANGERS_H_

#include <grpcpp/client_context.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "tests/faults/told_changes.h"

namespace marginalia {

struct ChangedThread {
  std::string org_id;
  std::string invoice_id;
};

// How the services are reached. Thread-safe.
class ChangersDoor {
 public:
  using Stub = comments::v1::CommentsService::Stub;
  using Call = std::function<grpc::Status(Stub&, grpc::ClientContext&)>;

  virtual ~ChangersDoor() = default;
  // call(stub, context), first at this replica and again when that may help. False: it was not OK
  // in the end, which the test has been told.
  virtual bool Ask(std::string_view what, std::size_t replica, const std::string& token,
                   const Call& call) = 0;
  virtual std::string Token(const std::string& user, const std::string& role,
                            const std::string& org) = 0;
};

class Changers {
 public:
  // Neither is owned; both must outlive the changers. The threads are theirs alone.
  Changers(ChangersDoor& door, std::vector<ChangedThread> threads, int changers, unsigned seed,
           std::size_t replicas, ToldChanges& told);
  ~Changers();
  // Waits for the changes under way to be answered.
  void Stop();

 private:
  class Changer;

  ChangersDoor& door_;
  const std::vector<ChangedThread> targets_;
  const std::size_t replicas_;
  ToldChanges& told_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_CHANGERS_H_
