// A comments-service in memory, on a real gRPC server over loopback: enough of the contract to
// stand in for the real one, and told by a test when to fail, to hang, to end or to begin anew.
// Thread-safe.
#ifndef MARGINALIA_TESTS_GATEWAY_SCRIPTED_COMMENTS_H_
#define MARGINALIA_TESTS_GATEWAY_SCRIPTED_COMMENTS_H_

#include <grpcpp/server.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/identity/token_verifier.h"
#include "services/process/stopwatch.h"
#include "tests/gateway/scripted_threads.h"

namespace marginalia {

class ScriptedComments : private comments::v1::CommentsService::Service {
 public:
  explicit ScriptedComments(TokenVerifier& tokens);
  ~ScriptedComments() override;

  // host:port; the same over restarts.
  const std::string& address() const { return address_; }
  // Ends every call, as a process that is killed does, and listens again.
  void Stop();
  void Start();

  // Makes the invoice known; `alias` leads to it as well.
  void AddInvoice(const std::string& org, const std::string& invoice_id,
                  const std::string& alias = "");
  // Adds a comment behind the gateway's back.
  comments::v1::Comment Post(const std::string& org, const std::string& invoice_id,
                             const std::string& body);

  // Takes a comment away behind the gateway's back.
  void Remove(const std::string& org, const std::string& invoice_id, const std::string& comment_id,
              const std::string& reason);

  // The next call of a unary RPC fails so.
  void FailNext(const absl::Status& status);
  // While held, unary calls hang until they are cancelled, and streams say nothing.
  void Hold(bool held);
  // While held, streams say nothing, and unary calls are answered.
  void HoldEvents(bool held);
  // Events up to `position` are retained no longer.
  void CompactUpTo(std::int64_t position);
  void Lose(std::int64_t position);
  // Another log: events and comments are gone.
  void StartNewLog();
  // What ExportEvidence sends, in pieces of so many bytes; after `fails_after` pieces it fails.
  void SetEvidence(std::string file, std::size_t piece_bytes, int fails_after = -1);
  // The service's clock is so far behind.
  void SetClockBehind(absl::Duration behind) {
    const std::lock_guard lock(mutex_);
    threads_.SetClockBehind(behind);
  }
  // What a watch sends in one message.
  void SetBatchEventsMax(std::size_t events) { batch_events_max_ = events; }

  // How often ListComments was called.
  int list_calls();
  // When, in order.
  std::vector<SteadyTime> list_times();
  // How many watches are open, and waits until so many are.
  int watches();
  void AwaitWatches(int count);
  // The metadata of the last unary call.
  std::multimap<std::string, std::string> last_metadata();
  std::string log_id();
  std::int64_t head();

 private:
  grpc::Status AddComment(grpc::ServerContext* context,
                          const comments::v1::AddCommentRequest* request,
                          comments::v1::AddCommentResponse* response) override;
  grpc::Status GetComment(grpc::ServerContext* context,
                          const comments::v1::GetCommentRequest* request,
                          comments::v1::GetCommentResponse* response) override;
  grpc::Status EditComment(grpc::ServerContext* context,
                           const comments::v1::EditCommentRequest* request,
                           comments::v1::EditCommentResponse* response) override;
  grpc::Status RemoveComment(grpc::ServerContext* context,
                             const comments::v1::RemoveCommentRequest* request,
                             comments::v1::RemoveCommentResponse* response) override;
  // Whatever the thread's state is.
  grpc::Status ResolveThread(grpc::ServerContext* context,
                             const comments::v1::ResolveThreadRequest* request,
                             comments::v1::ResolveThreadResponse* response) override;
  grpc::Status ReopenThread(grpc::ServerContext* context,
                            const comments::v1::ReopenThreadRequest* request,
                            comments::v1::ReopenThreadResponse* response) override;
  grpc::Status ListCommentRevisions(grpc::ServerContext* context,
                                    const comments::v1::ListCommentRevisionsRequest* request,
                                    comments::v1::ListCommentRevisionsResponse* response) override;
  grpc::Status ListComments(grpc::ServerContext* context,
                            const comments::v1::ListCommentsRequest* request,
                            comments::v1::ListCommentsResponse* response) override;
  grpc::Status ListRecentComments(grpc::ServerContext* context,
                                  const comments::v1::ListRecentCommentsRequest* request,
                                  comments::v1::ListRecentCommentsResponse* response) override;
  // The record's answers are texts that name what was asked for.
  grpc::Status GetCheckpoint(grpc::ServerContext* context,
                             const comments::v1::GetCheckpointRequest* request,
                             comments::v1::GetCheckpointResponse* response) override;
  grpc::Status GetInclusionProof(grpc::ServerContext* context,
                                 const comments::v1::GetInclusionProofRequest* request,
                                 comments::v1::GetInclusionProofResponse* response) override;
  grpc::Status GetConsistencyProof(grpc::ServerContext* context,
                                   const comments::v1::GetConsistencyProofRequest* request,
                                   comments::v1::GetConsistencyProofResponse* response) override;
  grpc::Status ExportEvidence(
      grpc::ServerContext* context, const comments::v1::ExportEvidenceRequest* request,
      grpc::ServerWriter<comments::v1::ExportEvidenceResponse>* writer) override;
  grpc::Status MarkThreadRead(grpc::ServerContext* context,
                              const comments::v1::MarkThreadReadRequest* request,
                              comments::v1::MarkThreadReadResponse* response) override;
  grpc::Status BatchGetReadStates(grpc::ServerContext* context,
                                  const comments::v1::BatchGetReadStatesRequest* request,
                                  comments::v1::BatchGetReadStatesResponse* response) override;
  // Priya, when the prefix is hers.
  grpc::Status SearchAuthors(grpc::ServerContext* context,
                             const comments::v1::SearchAuthorsRequest* request,
                             comments::v1::SearchAuthorsResponse* response) override;
  grpc::Status WatchEvents(grpc::ServerContext* context,
                           const comments::v1::WatchEventsRequest* request,
                           grpc::ServerWriter<comments::v1::WatchEventsResponse>* writer) override;

  // Tells the thread's event, of the kind that is given.
  template <typename Response>
  grpc::Status Settle(grpc::ServerContext* context, const std::string& invoice_id,
                      comments::v1::Event event, Response* response);
  // Who calls; also notes the metadata and plays what the script says.
  absl::StatusOr<Caller> Enter(grpc::ServerContext* context, std::unique_lock<std::mutex>& lock);
  // The same of one who must be an admin.
  absl::Status EnterAsAdmin(grpc::ServerContext* context);

  TokenVerifier& tokens_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<grpc::Server> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  ScriptedThreads threads_;  // guarded by mutex_, as all that follows but for batch_events_max_
  absl::Status fail_next_;
  bool held_ = false;
  bool events_held_ = false;
  bool stopping_ = false;
  std::atomic<std::size_t> batch_events_max_ = 100;
  std::string evidence_;
  std::size_t evidence_piece_bytes_ = 1;
  int evidence_fails_after_ = -1;
  std::vector<SteadyTime> list_times_;
  int watches_ = 0;
  std::multimap<std::string, std::string> last_metadata_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_SCRIPTED_COMMENTS_H_
