#include "tests/comments_service/client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <random>

#include "absl/strings/str_format.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {

namespace v1 = comments::v1;

WatchStream::WatchStream(v1::CommentsService::Stub& stub, const std::string& token,
                         const v1::WatchEventsRequest& request) {
  PrepareCall(context_, token, "", SteadyTime::Now() + kTestCallMax);
  reader_ = stub.WatchEvents(&context_, request);
}

WatchStream::~WatchStream() {
  context_.TryCancel();
  End().IgnoreError();
}

std::optional<v1::WatchEventsResponse> WatchStream::Next() {
  v1::WatchEventsResponse message;
  if (!reader_->Read(&message)) return std::nullopt;
  checkpoint_ = message.checkpoint_token();
  return message;
}

std::vector<v1::Event> WatchStream::Events(std::size_t count) {
  std::vector<v1::Event> events;
  while (events.size() < count) {
    std::optional<v1::WatchEventsResponse> message = Next();
    if (!message.has_value()) break;
    for (v1::Event& event : *message->mutable_events()) events.push_back(std::move(event));
  }
  return events;
}

absl::Status WatchStream::End() {
  if (reader_ == nullptr) return absl::OkStatus();
  while (Next().has_value()) {
  }
  const grpc::Status status = reader_->Finish();
  reader_.reset();
  return FromGrpc(status);
}

template <class Request, class Response>
absl::StatusOr<Response> Client::Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const Request& request) const {
  grpc::ClientContext context;
  PrepareCall(context, token_, "", SteadyTime::Now() + kTestCallMax);
  Response response;
  const grpc::Status status = ((*stub_).*method)(&context, request, &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<v1::AddCommentResponse> Client::Add(const std::string& invoice_id,
                                                   const std::string& comment_id,
                                                   const std::string& body,
                                                   const Mentions& mentions) const {
  v1::AddCommentRequest request;
  for (const std::string& user_id : mentions) request.add_mentions(user_id);
  request.set_invoice_id(invoice_id);
  request.set_comment_id(comment_id);
  request.set_body(body);
  return Call(&Stub::AddComment, request);
}

v1::AddCommentResponse Client::Post(const std::string& invoice_id, const std::string& body,
                                    const Mentions& mentions) const {
  absl::StatusOr<v1::AddCommentResponse> added = Add(invoice_id, NewUuid(), body, mentions);
  if (added.ok()) return *std::move(added);
  std::cerr << added.status().ToString() << std::endl;
  std::abort();
}

absl::StatusOr<v1::ListCommentsResponse> Client::List(const std::string& invoice_id, int page_size,
                                                      const std::string& token) const {
  v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_id);
  request.set_page_size(page_size);
  request.set_page_token(token);
  return Call(&Stub::ListComments, request);
}

absl::StatusOr<v1::ListCommentsResponse> Client::ListAround(const std::string& invoice_id,
                                                            const std::string& comment_id,
                                                            int page_size,
                                                            const std::string& token) const {
  v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_id);
  request.set_page_size(page_size);
  request.set_page_token(token);
  request.set_around_comment_id(comment_id);
  return Call(&Stub::ListComments, request);
}

absl::StatusOr<v1::ListCommentsResponse> Client::ListAtLeast(const std::string& token,
                                                             const std::string& invoice_id) const {
  v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_id);
  request.set_at_least_as_fresh(token);
  return Call(&Stub::ListComments, request);
}

absl::StatusOr<v1::GetCommentResponse> Client::Get(const std::string& invoice_id,
                                                   const std::string& comment_id) const {
  v1::GetCommentRequest request;
  request.set_invoice_id(invoice_id);
  request.set_comment_id(comment_id);
  return Call(&Stub::GetComment, request);
}

absl::StatusOr<v1::EditCommentResponse> Client::Edit(const v1::Comment& comment,
                                                     const std::string& body,
                                                     const std::string& change_id,
                                                     const Mentions& mentions) const {
  v1::EditCommentRequest request;
  for (const std::string& user_id : mentions) request.add_mentions(user_id);
  request.set_invoice_id(comment.invoice_id());
  request.set_comment_id(comment.comment_id());
  request.set_etag(comment.etag());
  request.set_body(body);
  request.set_change_id(change_id);
  return Call(&Stub::EditComment, request);
}

absl::StatusOr<v1::RemoveCommentResponse> Client::Remove(const v1::Comment& comment,
                                                         const std::string& reason,
                                                         const std::string& change_id) const {
  v1::RemoveCommentRequest request;
  request.set_invoice_id(comment.invoice_id());
  request.set_comment_id(comment.comment_id());
  request.set_etag(comment.etag());
  request.set_reason(reason);
  request.set_change_id(change_id);
  return Call(&Stub::RemoveComment, request);
}

absl::StatusOr<v1::EraseCommentResponse> Client::Erase(const v1::Comment& comment,
                                                       const std::string& reason,
                                                       const std::string& change_id) const {
  v1::EraseCommentRequest request;
  request.set_invoice_id(comment.invoice_id());
  request.set_comment_id(comment.comment_id());
  request.set_reason(reason);
  request.set_change_id(change_id);
  return Call(&Stub::EraseComment, request);
}

absl::StatusOr<v1::ListCommentRevisionsResponse> Client::Revisions(const v1::Comment& comment,
                                                                   int page_size,
                                                                   const std::string& token) const {
  v1::ListCommentRevisionsRequest request;
  request.set_invoice_id(comment.invoice_id());
  request.set_comment_id(comment.comment_id());
  request.set_page_size(page_size);
  request.set_page_token(token);
  return Call(&Stub::ListCommentRevisions, request);
}

absl::StatusOr<v1::ResolveThreadResponse> Client::Resolve(const std::string& invoice_id,
                                                          const std::string& etag,
                                                          const std::string& body,
                                                          const std::string& change_id,
                                                          const std::string& comment_id) const {
  v1::ResolveThreadRequest request;
  request.set_invoice_id(invoice_id);
  request.set_etag(etag);
  request.set_change_id(change_id);
  if (!body.empty()) {
    request.mutable_comment()->set_comment_id(comment_id);
    request.mutable_comment()->set_body(body);
  }
  return Call(&Stub::ResolveThread, request);
}

absl::StatusOr<v1::ReopenThreadResponse> Client::Reopen(const std::string& invoice_id,
                                                        const std::string& etag,
                                                        const std::string& body,
                                                        const std::string& change_id,
                                                        const std::string& comment_id) const {
  v1::ReopenThreadRequest request;
  request.set_invoice_id(invoice_id);
  request.set_etag(etag);
  request.set_change_id(change_id);
  if (!body.empty()) {
    request.mutable_comment()->set_comment_id(comment_id);
    request.mutable_comment()->set_body(body);
  }
  return Call(&Stub::ReopenThread, request);
}

absl::StatusOr<v1::GetThreadResponse> Client::Thread(const std::string& invoice_id,
                                                     const std::string& at_least_as_fresh) const {
  v1::GetThreadRequest request;
  request.set_invoice_id(invoice_id);
  request.set_at_least_as_fresh(at_least_as_fresh);
  return Call(&Stub::GetThread, request);
}

absl::StatusOr<v1::ImportCommentsResponse> Client::Import(
    const v1::ImportCommentsRequest& request) const {
  return Call(&Stub::ImportComments, request);
}

absl::StatusOr<v1::ListRecentCommentsResponse> Client::Recent(int page_size,
                                                              const std::string& token,
                                                              bool mentioning_me) const {
  v1::ListRecentCommentsRequest request;
  request.set_mentioning_me(mentioning_me);
  request.set_page_size(page_size);
  request.set_page_token(token);
  return Call(&Stub::ListRecentComments, request);
}

absl::StatusOr<v1::MarkThreadReadResponse> Client::MarkRead(const std::string& invoice_id,
                                                            std::int64_t sequence) const {
  v1::MarkThreadReadRequest request;
  request.set_invoice_id(invoice_id);
  request.set_sequence(sequence);
  return Call(&Stub::MarkThreadRead, request);
}

absl::StatusOr<v1::BatchGetReadStatesResponse> Client::ReadStates(
    const std::vector<std::string>& invoice_ids) const {
  v1::BatchGetReadStatesRequest request;
  for (const std::string& invoice_id : invoice_ids) request.add_invoice_ids(invoice_id);
  return Call(&Stub::BatchGetReadStates, request);
}

absl::StatusOr<v1::SearchAuthorsResponse> Client::Authors(const std::string& prefix,
                                                          int page_size) const {
  v1::SearchAuthorsRequest request;
  request.set_prefix(prefix);
  request.set_page_size(page_size);
  return Call(&Stub::SearchAuthors, request);
}

absl::StatusOr<v1::ListThreadCountsResponse> Client::Counts(int page_size,
                                                            const std::string& token) const {
  v1::ListThreadCountsRequest request;
  request.set_page_size(page_size);
  request.set_page_token(token);
  return Call(&Stub::ListThreadCounts, request);
}

absl::StatusOr<v1::ListAuditEntriesResponse> Client::Audit(
    const v1::ListAuditEntriesRequest& request) const {
  return Call(&Stub::ListAuditEntries, request);
}

absl::StatusOr<v1::VerifyAuditLogResponse> Client::Verify(const std::string& invoice_id) const {
  v1::VerifyAuditLogRequest request;
  request.set_invoice_id(invoice_id);
  return Call(&Stub::VerifyAuditLog, request);
}

absl::StatusOr<v1::GetCheckpointResponse> Client::GetCheckpoint() const {
  return Call(&Stub::GetCheckpoint, v1::GetCheckpointRequest());
}

absl::StatusOr<v1::GetInclusionProofResponse> Client::GetInclusionProof(std::int64_t number,
                                                                        std::int64_t size) const {
  v1::GetInclusionProofRequest request;
  request.set_number(number);
  request.set_size(size);
  return Call(&Stub::GetInclusionProof, request);
}

absl::StatusOr<v1::GetConsistencyProofResponse> Client::GetConsistencyProof(
    std::int64_t first, std::int64_t second) const {
  v1::GetConsistencyProofRequest request;
  request.set_first(first);
  request.set_second(second);
  return Call(&Stub::GetConsistencyProof, request);
}

absl::StatusOr<std::string> Client::ExportEvidence(const std::string& invoice_id) const {
  grpc::ClientContext context;
  PrepareCall(context, token_, "", SteadyTime::Now() + kTestCallMax);
  v1::ExportEvidenceRequest request;
  request.set_invoice_id(invoice_id);
  const auto reader = stub_->ExportEvidence(&context, request);
  std::string file;
  std::int64_t file_bytes = -1;
  v1::ExportEvidenceResponse piece;
  while (reader->Read(&piece)) {
    if (file_bytes < 0) file_bytes = piece.file_bytes();
    file += piece.data();
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status);
  if (file_bytes != static_cast<std::int64_t>(file.size())) std::abort();
  return file;
}

WatchStream Client::Watch(const v1::WatchEventsRequest& request) const {
  return WatchStream(*stub_, token_, request);
}

WatchStream Client::WatchAfter(const std::string& token) const {
  v1::WatchEventsRequest request;
  request.set_after_token(token);
  return Watch(request);
}

WatchStream Client::WatchFromBeginning(const std::string& invoice_id) const {
  v1::WatchEventsRequest request;
  request.set_from_beginning(true);
  request.set_invoice_id(invoice_id);
  return Watch(request);
}

absl::Status Client::CallRaw(const std::string& method, const std::string& request) const {
  grpc::ClientContext context;
  PrepareCall(context, token_, "", SteadyTime::Now() + kTestCallMax);
  grpc::GenericStub stub(channel_);
  const grpc::Slice slice(request);
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> ended;
  stub.UnaryCall(&context, "/marginalia.comments.v1.CommentsService/" + method, grpc::StubOptions(),
                 &bytes, &response, [&ended](grpc::Status status) { ended.set_value(status); });
  return FromGrpc(ended.get_future().get());
}

std::string NewUuid() {
  thread_local std::mt19937_64 random(std::random_device{}());
  const std::uint64_t high = random();
  const std::uint64_t low = random();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", high >> 32, high >> 16 & 0xFFFF,
                         high & 0xFFF, 0x8000 | (low >> 48 & 0x3FFF), low & 0xFFFF'FFFF'FFFF);
}

}  // namespace marginalia
