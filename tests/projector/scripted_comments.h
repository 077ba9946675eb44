// A comments service whose log the test writes: a real gRPC server, with the faults that a stream
// can have on order. Thread-safe.
#ifndef MARGINALIA_TESTS_PROJECTOR_SCRIPTED_COMMENTS_H_
#define MARGINALIA_TESTS_PROJECTOR_SCRIPTED_COMMENTS_H_

#include <grpcpp/server.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

class ScriptedComments final : public comments::v1::CommentsService::Service {
 public:
  ScriptedComments();
  ~ScriptedComments() override;

  // Stop ends every stream; Start listens on the same address again.
  void Start();
  void Stop();
  std::string address() const;

  // Appends an event to the log and returns its position.
  std::int64_t Comment(const std::string& org_id, const std::string& invoice_id,
                       const std::string& author = "Dana");
  // The newest comment is edited or taken away, the thread resolved or opened again.
  std::int64_t Edit(const std::string& org_id, const std::string& invoice_id);
  std::int64_t Remove(const std::string& org_id, const std::string& invoice_id);
  std::int64_t Settle(const std::string& org_id, const std::string& invoice_id, bool resolved);
  LogPoint head() const;
  std::int64_t CountOf(const std::string& org_id, const std::string& invoice_id) const;

  // As after a restored backup: another log id, and nothing after `position`.
  void RestoreAt(std::int64_t position, const std::string& log_id);
  // Events before `position` are retained no longer.
  void CompactBefore(std::int64_t position);

  // The event is lost: a stream ends before it.
  void Lose(std::int64_t position);

  // From now on, every stream leaves out this position once; 0: none.
  void LeaveOutOnce(std::int64_t position);
  // The next stream begins so many events before the point that it was asked for.
  void RepeatOnce(std::int64_t events);
  // Open streams send nothing more until it is false again, not even checkpoints.
  void FallSilent(bool silent);
  // From now on every call is refused so.
  void Refuse(const grpc::Status& status);
  // Called after each page of the snapshot has been read, before it is answered.
  void OnSnapshotPage(std::function<void()> hook);
  void SetSnapshotRowsMax(int rows_max);
  void SetBatchEventsMax(int events_max);

  int streams_opened() const;
  int snapshots_begun() const;
  // The tokens of the streams that were asked for, oldest first, as positions.
  std::vector<std::int64_t> resumed_after() const;

 private:
  using Thread = std::pair<std::string, std::string>;  // org_id, invoice_id

  grpc::Status WatchEvents(grpc::ServerContext* context,
                           const comments::v1::WatchEventsRequest* request,
                           grpc::ServerWriter<comments::v1::WatchEventsResponse>* writer) override;
  grpc::Status ListThreadCounts(grpc::ServerContext* context,
                                const comments::v1::ListThreadCountsRequest* request,
                                comments::v1::ListThreadCountsResponse* response) override;

  // These hold mutex_.
  grpc::Status Resume(const std::string& token, std::int64_t& position);
  comments::v1::WatchEventsResponse NextBatch(std::int64_t& position);
  void CountAnew();
  // Appends what happened to a thread beside comments; `change` makes it so.
  std::int64_t Change(const std::string& org_id, const std::string& invoice_id,
                      const std::function<void(comments::v1::Event&)>& change);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<grpc::Server> server_;
  bool stopping_ = false;
  bool silent_ = false;
  grpc::Status refusal_;
  std::string log_id_ = "00000000000000a1";
  std::vector<comments::v1::Event> events_;
  std::map<Thread, comments::v1::ThreadCount> counts_;
  std::int64_t oldest_ = 1;
  std::int64_t lost_ = 0;
  std::int64_t leave_out_ = 0;
  std::int64_t repeat_ = 0;
  int rows_max_ = 1000;
  int batch_events_max_ = 512;
  int snapshots_begun_ = 0;
  std::vector<std::int64_t> resumed_after_;
  std::function<void()> on_snapshot_page_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_PROJECTOR_SCRIPTED_COMMENTS_H_
