// A caller of comments-service, with one token: calls that answer with a message or with the status
// that the server refused with.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_CLIENT_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"

namespace marginalia {

// What of a test may take at most; reached only when something hangs.
inline constexpr absl::Duration kTestCallMax = absl::Seconds(30);

// An open WatchEvents stream; used by one thread.
class WatchStream {
 public:
  WatchStream(comments::v1::CommentsService::Stub& stub, const std::string& token,
              const comments::v1::WatchEventsRequest& request);
  ~WatchStream();

  // Nothing when the stream has ended.
  std::optional<comments::v1::WatchEventsResponse> Next();
  // Reads until `count` events have come, or the stream ends. Remembers the last checkpoint.
  std::vector<comments::v1::Event> Events(std::size_t count);
  // Reads to the end. Returns how the server ended it.
  absl::Status End();
  void Cancel() { context_.TryCancel(); }

  const std::string& checkpoint() const { return checkpoint_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<comments::v1::WatchEventsResponse>> reader_;
  std::string checkpoint_;
};

class Client {
 public:
  using Stub = comments::v1::CommentsService::Stub;

  using Mentions = std::vector<std::string>;

  Client(const std::shared_ptr<grpc::Channel>& channel, std::string token)
      : stub_(std::make_shared<Stub>(channel)), token_(std::move(token)), channel_(channel) {}

  absl::StatusOr<comments::v1::AddCommentResponse> Add(const std::string& invoice_id,
                                                       const std::string& comment_id,
                                                       const std::string& body,
                                                       const Mentions& mentions = {}) const;
  // An added comment, which the test takes for granted; a fresh id.
  comments::v1::AddCommentResponse Post(const std::string& invoice_id, const std::string& body,
                                        const Mentions& mentions = {}) const;
  absl::StatusOr<comments::v1::ListCommentsResponse> List(const std::string& invoice_id,
                                                          int page_size = 0,
                                                          const std::string& token = "") const;
  // The page in whose middle the comment stands.
  absl::StatusOr<comments::v1::ListCommentsResponse> ListAround(
      const std::string& invoice_id, const std::string& comment_id, int page_size = 0,
      const std::string& token = "") const;
  // The newest page, as fresh as a consistency token.
  absl::StatusOr<comments::v1::ListCommentsResponse> ListAtLeast(
      const std::string& token, const std::string& invoice_id) const;
  absl::StatusOr<comments::v1::GetCommentResponse> Get(const std::string& invoice_id,
                                                       const std::string& comment_id) const;
  // Of the comment as the caller knows it, with its etag.
  absl::StatusOr<comments::v1::EditCommentResponse> Edit(const comments::v1::Comment& comment,
                                                         const std::string& body,
                                                         const std::string& change_id = "",
                                                         const Mentions& mentions = {}) const;
  absl::StatusOr<comments::v1::RemoveCommentResponse> Remove(
      const comments::v1::Comment& comment, const std::string& reason,
      const std::string& change_id = "") const;
  absl::StatusOr<comments::v1::EraseCommentResponse> Erase(const comments::v1::Comment& comment,
                                                           const std::string& reason,
                                                           const std::string& change_id = "") const;
  absl::StatusOr<comments::v1::ListCommentRevisionsResponse> Revisions(
      const comments::v1::Comment& comment, int page_size = 0, const std::string& token = "") const;
  // With a body something is said with it, under a fresh id when there is none.
  absl::StatusOr<comments::v1::ResolveThreadResponse> Resolve(
      const std::string& invoice_id, const std::string& etag = "", const std::string& body = "",
      const std::string& change_id = "", const std::string& comment_id = "") const;
  absl::StatusOr<comments::v1::ReopenThreadResponse> Reopen(
      const std::string& invoice_id, const std::string& etag = "", const std::string& body = "",
      const std::string& change_id = "", const std::string& comment_id = "") const;
  absl::StatusOr<comments::v1::GetThreadResponse> Thread(
      const std::string& invoice_id, const std::string& at_least_as_fresh = "") const;
  absl::StatusOr<comments::v1::ImportCommentsResponse> Import(
      const comments::v1::ImportCommentsRequest& request) const;
  absl::StatusOr<comments::v1::ListRecentCommentsResponse> Recent(int page_size = 0,
                                                                  const std::string& token = "",
                                                                  bool mentioning_me = false) const;
  absl::StatusOr<comments::v1::MarkThreadReadResponse> MarkRead(const std::string& invoice_id,
                                                                std::int64_t sequence) const;
  absl::StatusOr<comments::v1::BatchGetReadStatesResponse> ReadStates(
      const std::vector<std::string>& invoice_ids) const;
  absl::StatusOr<comments::v1::SearchAuthorsResponse> Authors(const std::string& prefix,
                                                              int page_size = 0) const;
  absl::StatusOr<comments::v1::ListThreadCountsResponse> Counts(
      int page_size = 0, const std::string& token = "") const;
  absl::StatusOr<comments::v1::ListAuditEntriesResponse> Audit(
      const comments::v1::ListAuditEntriesRequest& request = {}) const;
  absl::StatusOr<comments::v1::VerifyAuditLogResponse> Verify(
      const std::string& invoice_id = "") const;
  absl::StatusOr<comments::v1::GetCheckpointResponse> GetCheckpoint() const;
  absl::StatusOr<comments::v1::GetInclusionProofResponse> GetInclusionProof(
      std::int64_t number, std::int64_t size = 0) const;
  absl::StatusOr<comments::v1::GetConsistencyProofResponse> GetConsistencyProof(
      std::int64_t first, std::int64_t second = 0) const;
  // The file, its pieces put together.
  absl::StatusOr<std::string> ExportEvidence(const std::string& invoice_id) const;
  WatchStream Watch(const comments::v1::WatchEventsRequest& request = {}) const;
  WatchStream WatchAfter(const std::string& token) const;
  WatchStream WatchFromBeginning(const std::string& invoice_id = "") const;

  // Any bytes as the request of any method: "AddComment".
  absl::Status CallRaw(const std::string& method, const std::string& request) const;

  const std::string& token() const { return token_; }

 private:
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) const;

  std::shared_ptr<Stub> stub_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A fresh random UUID.
std::string NewUuid();

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_CLIENT_H_
