#include "tests/gateway/scripted_comments.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::Event;

constexpr std::chrono::milliseconds kCheckpointInterval{50};

// A page of `all`, whose order is oldest first, as the contract has it.
template <typename Response>
absl::Status FillPage(const std::vector<Comment>& all, int size, const std::string& token,
                      std::initializer_list<std::string_view> binding, Response& response,
                      std::size_t newest = std::string::npos) {
  std::size_t end = std::min(all.size(), newest);
  if (!token.empty()) {
    const auto cursor = ParsePageToken(token, binding);
    if (!cursor.ok()) return cursor.status();
    const bool newer = cursor->front() == 'n';
    end = static_cast<std::size_t>(std::stoul(cursor->substr(newer ? 1 : 0)));
    if (newer) size = std::min(size, static_cast<int>(all.size() - end));
    if (newer) end += static_cast<std::size_t>(size);
  }
  const std::size_t begin = end - std::min(end, static_cast<std::size_t>(size));
  for (std::size_t i = end; i > begin; --i) *response.add_comments() = all[i - 1];
  if (begin > 0) response.set_next_page_token(MakePageToken(std::to_string(begin), binding));
  if (!all.empty()) {
    response.set_previous_page_token(MakePageToken("n" + std::to_string(end), binding));
  }
  response.set_total_size(static_cast<std::int64_t>(all.size()));
  return absl::OkStatus();
}

}  // namespace

ScriptedComments::ScriptedComments(TokenVerifier& tokens) : tokens_(tokens) { Start(); }

ScriptedComments::~ScriptedComments() { Stop(); }

void ScriptedComments::Start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

void ScriptedComments::Stop() {
  if (server_ == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

void ScriptedComments::AddInvoice(const std::string& org, const std::string& invoice_id,
                                  const std::string& alias) {
  const std::lock_guard lock(mutex_);
  threads_.AddInvoice(org, invoice_id, alias);
}

Comment ScriptedComments::Post(const std::string& org, const std::string& invoice_id,
                               const std::string& body) {
  Comment comment;
  {
    const std::lock_guard lock(mutex_);
    comment = threads_.Append({org, invoice_id}, "", "priya", body);
  }
  changed_.notify_all();
  return comment;
}

void ScriptedComments::Remove(const std::string& org, const std::string& invoice_id,
                              const std::string& comment_id, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  threads_.Remove({org, invoice_id}, comment_id, "priya", reason);
}

void ScriptedComments::FailNext(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  fail_next_ = status;
}

void ScriptedComments::Hold(bool held) {
  {
    const std::lock_guard lock(mutex_);
    held_ = held;
  }
  changed_.notify_all();
}

void ScriptedComments::HoldEvents(bool held) {
  const std::lock_guard lock(mutex_);
  events_held_ = held;
}

void ScriptedComments::CompactUpTo(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  threads_.CompactUpTo(position);
}

void ScriptedComments::Lose(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  threads_.Lose(position);
}

void ScriptedComments::StartNewLog() {
  const std::lock_guard lock(mutex_);
  threads_.StartNewLog();
}

void ScriptedComments::SetEvidence(std::string file, std::size_t piece_bytes, int fails_after) {
  const std::lock_guard lock(mutex_);
  evidence_ = std::move(file);
  evidence_piece_bytes_ = piece_bytes;
  evidence_fails_after_ = fails_after;
}

int ScriptedComments::list_calls() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(list_times_.size());
}

std::vector<SteadyTime> ScriptedComments::list_times() {
  const std::lock_guard lock(mutex_);
  return list_times_;
}

int ScriptedComments::watches() {
  const std::lock_guard lock(mutex_);
  return watches_;
}

void ScriptedComments::AwaitWatches(int count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return watches_ == count; });
}

std::multimap<std::string, std::string> ScriptedComments::last_metadata() {
  const std::lock_guard lock(mutex_);
  return last_metadata_;
}

std::string ScriptedComments::log_id() {
  const std::lock_guard lock(mutex_);
  return threads_.log_id();
}

std::int64_t ScriptedComments::head() {
  const std::lock_guard lock(mutex_);
  return threads_.head();
}

absl::StatusOr<Caller> ScriptedComments::Enter(grpc::ServerContext* context,
                                               std::unique_lock<std::mutex>& lock) {
  last_metadata_.clear();
  std::string bearer;
  for (const auto& [name, value] : context->client_metadata()) {
    const std::string key(name.data(), name.size());
    last_metadata_.emplace(key, std::string(value.data(), value.size()));
    if (key == "authorization") bearer.assign(value.data() + 7, value.size() - 7);
  }
  while (held_ && !stopping_ && !context->IsCancelled()) {
    changed_.wait_for(lock, kCheckpointInterval);
  }
  if (!fail_next_.ok()) {
    // Else gRPC would try an UNAVAILABLE again, and find the call after the one that is to fail.
    context->AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
    return std::exchange(fail_next_, absl::OkStatus());
  }
  const auto token = tokens_.Verify(bearer);
  if (!token.ok()) return token.status();
  return (*token)->caller;
}

grpc::Status ScriptedComments::AddComment(grpc::ServerContext* context,
                                          const comments::v1::AddCommentRequest* request,
                                          comments::v1::AddCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = threads_.Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  if (request->body().empty()) return ToGrpc(InvalidField("body", "must not be blank"));
  for (const Comment& stored : threads_.Comments(*name)) {
    if (stored.comment_id() == request->comment_id()) {
      *response->mutable_comment() = stored;
      response->set_replayed(true);
    }
  }
  if (!response->replayed()) {
    *response->mutable_comment() = threads_.Append(*name, request->comment_id(), caller->user_id,
                                                   request->body(), request->mentions());
  }
  response->set_consistency_token(threads_.TokenAt(threads_.head(), *caller));
  changed_.notify_all();
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::GetComment(grpc::ServerContext* context,
                                          const comments::v1::GetCommentRequest* request,
                                          comments::v1::GetCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  if (request->comment_id().size() != 36) {
    return ToGrpc(InvalidField("comment_id", "must be a UUID"));
  }
  const auto name = threads_.Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  for (const Comment& stored : threads_.Comments(*name)) {
    if (stored.comment_id() != request->comment_id()) continue;
    *response->mutable_comment() = stored;
    return grpc::Status::OK;
  }
  return ToGrpc(ScriptedCommentNotFound());
}

grpc::Status ScriptedComments::EditComment(grpc::ServerContext* context,
                                           const comments::v1::EditCommentRequest* request,
                                           comments::v1::EditCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  if (request->body().empty()) return ToGrpc(InvalidField("body", "must not be blank"));
  const auto found =
      threads_.FindToChange(*caller, request->invoice_id(), request->comment_id(), request->etag());
  if (!found.ok()) return ToGrpc(found.status());
  Comment& comment = **found;
  threads_.Edit(comment, request->body());
  *response->mutable_comment() = comment;
  Event event;
  *event.mutable_comment_edited()->mutable_comment() = comment;
  threads_.Tell({caller->org_id, comment.invoice_id()}, std::move(event));
  response->set_consistency_token(threads_.TokenAt(threads_.head(), *caller));
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::RemoveComment(grpc::ServerContext* context,
                                             const comments::v1::RemoveCommentRequest* request,
                                             comments::v1::RemoveCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto found =
      threads_.FindToChange(*caller, request->invoice_id(), request->comment_id(), request->etag());
  if (!found.ok()) return ToGrpc(found.status());
  ScriptedThreads::Remove(**found, caller->user_id, request->reason());
  *response->mutable_comment() = **found;
  Event event;
  *event.mutable_comment_removed()->mutable_comment() = **found;
  threads_.Tell({caller->org_id, (*found)->invoice_id()}, std::move(event));
  response->set_consistency_token(threads_.TokenAt(threads_.head(), *caller));
  return grpc::Status::OK;
}

template <typename Response>
grpc::Status ScriptedComments::Settle(grpc::ServerContext* context, const std::string& invoice_id,
                                      Event event, Response* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = threads_.Find(*caller, invoice_id);
  if (!name.ok()) return ToGrpc(name.status());
  threads_.Tell(*name, std::move(event));
  response->mutable_thread()->set_invoice_id(name->second);
  response->set_consistency_token(threads_.TokenAt(threads_.head(), *caller));
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::ResolveThread(grpc::ServerContext* context,
                                             const comments::v1::ResolveThreadRequest* request,
                                             comments::v1::ResolveThreadResponse* response) {
  Event event;
  event.mutable_thread_resolved();
  return Settle(context, request->invoice_id(), std::move(event), response);
}

grpc::Status ScriptedComments::ReopenThread(grpc::ServerContext* context,
                                            const comments::v1::ReopenThreadRequest* request,
                                            comments::v1::ReopenThreadResponse* response) {
  Event event;
  event.mutable_thread_reopened();
  return Settle(context, request->invoice_id(), std::move(event), response);
}

grpc::Status ScriptedComments::ListCommentRevisions(
    grpc::ServerContext* context, const comments::v1::ListCommentRevisionsRequest* request,
    comments::v1::ListCommentRevisionsResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = threads_.Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  const std::vector<std::string>& said = threads_.Said(request->comment_id());
  const std::initializer_list<std::string_view> binding = {"ListCommentRevisions"};
  std::size_t at = 0;
  if (!request->page_token().empty()) {
    const auto cursor = ParsePageToken(request->page_token(), binding);
    if (!cursor.ok()) return ToGrpc(cursor.status());
    at = static_cast<std::size_t>(std::stoul(*cursor));
  }
  const std::size_t end =
      std::min(said.size(), at + static_cast<std::size_t>(request->page_size()));
  for (; at < end; ++at) {
    comments::v1::CommentRevision& revision = *response->add_revisions();
    revision.set_revision(static_cast<std::int64_t>(at) + 1);
    revision.set_body(said[at]);
    revision.mutable_time()->set_seconds(kScriptedTime);
    revision.mutable_editor()->set_user_id("dana");
  }
  if (end < said.size()) {
    response->set_next_page_token(MakePageToken(std::to_string(end), binding));
  }
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::ListComments(grpc::ServerContext* context,
                                            const comments::v1::ListCommentsRequest* request,
                                            comments::v1::ListCommentsResponse* response) {
  std::unique_lock lock(mutex_);
  list_times_.push_back(SteadyTime::Now());
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = threads_.Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  const std::vector<Comment>& comments = threads_.Comments(*name);
  std::size_t newest = comments.size();
  if (const std::string& around = request->around_comment_id(); !around.empty()) {
    if (around.size() != 36 && around != "first")
      return ToGrpc(InvalidField("around_comment_id", "must be a UUID"));
    const auto middle = std::find_if(comments.begin(), comments.end(), [&](const Comment& comment) {
      return around == "first" || comment.comment_id() == around;
    });
    if (middle == comments.end() && around != "first") return ToGrpc(ScriptedCommentNotFound());
    const auto size = static_cast<std::size_t>(request->page_size());
    newest = size;
    if (middle != comments.end()) {
      newest = std::max(static_cast<std::size_t>(middle->sequence()) + size / 2, size);
    }
  }
  const absl::Status filled =
      FillPage(comments, request->page_size(), request->page_token(),
               {"ListComments", name->first, name->second}, *response, newest);
  if (!filled.ok()) return ToGrpc(filled);
  response->set_consistency_token(threads_.TokenAt(threads_.head(), *caller));
  return grpc::Status::OK;
}

absl::Status ScriptedComments::EnterAsAdmin(grpc::ServerContext* context) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok() || caller->role == Role::kAdmin) return caller.status();
  return Refusal(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW", "for admins");
}

grpc::Status ScriptedComments::GetCheckpoint(grpc::ServerContext* context,
                                             const comments::v1::GetCheckpointRequest* /*request*/,
                                             comments::v1::GetCheckpointResponse* response) {
  response->set_checkpoint("origin\n7\nroot\n\n— key signature\n");
  return ToGrpc(EnterAsAdmin(context));
}

grpc::Status ScriptedComments::GetInclusionProof(
    grpc::ServerContext* context, const comments::v1::GetInclusionProofRequest* request,
    comments::v1::GetInclusionProofResponse* response) {
  response->set_proof(absl::StrCat("proof of ", request->number(), " in ", request->size(), "\n"));
  return ToGrpc(EnterAsAdmin(context));
}

grpc::Status ScriptedComments::GetConsistencyProof(
    grpc::ServerContext* context, const comments::v1::GetConsistencyProofRequest* request,
    comments::v1::GetConsistencyProofResponse* response) {
  response->set_first(request->first());
  response->add_hashes(std::string(32, '\1'));
  response->add_hashes(std::string(32, '\2'));
  response->set_second_checkpoint(absl::StrCat("checkpoint of ", request->second(), "\n"));
  return ToGrpc(EnterAsAdmin(context));
}

grpc::Status ScriptedComments::ExportEvidence(
    grpc::ServerContext* context, const comments::v1::ExportEvidenceRequest* request,
    grpc::ServerWriter<comments::v1::ExportEvidenceResponse>* writer) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = threads_.Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  comments::v1::ExportEvidenceResponse piece;
  piece.set_invoice_id(name->second);
  piece.set_file_bytes(static_cast<std::int64_t>(evidence_.size()));
  piece.add_verifier_keys("marginalia.dev/checkpoint+00c0ffee+AQ");
  int pieces = 0;
  for (std::size_t sent = 0; sent < evidence_.size(); sent += evidence_piece_bytes_) {
    if (pieces++ == evidence_fails_after_) return ToGrpc(absl::InternalError("scripted"));
    piece.set_data(evidence_.substr(sent, evidence_piece_bytes_));
    if (!writer->Write(piece)) break;
    piece.Clear();
  }
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::ListRecentComments(
    grpc::ServerContext* context, const comments::v1::ListRecentCommentsRequest* request,
    comments::v1::ListRecentCommentsResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  std::vector<Comment> all;
  for (const Event& event : threads_.events()) {
    if (!event.has_comment_added()) continue;
    const Comment& comment = event.comment_added().comment();
    const bool asked_for =
        !request->mentioning_me() || std::find(comment.mentions().begin(), comment.mentions().end(),
                                               caller->user_id) != comment.mentions().end();
    if (event.org_id() == caller->org_id && asked_for) all.push_back(comment);
  }
  const absl::Status filled = FillPage(all, request->page_size(), request->page_token(),
                                       {"ListRecentComments", caller->org_id}, *response);
  if (!filled.ok()) return ToGrpc(filled);
  response->set_consistency_token(threads_.TokenAt(threads_.head(), *caller));
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::MarkThreadRead(grpc::ServerContext* context,
                                              const comments::v1::MarkThreadReadRequest* request,
                                              comments::v1::MarkThreadReadResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = threads_.Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  if (request->sequence() < 1) return ToGrpc(InvalidField("sequence", "must be 1 or more"));
  threads_.MarkRead(*caller, *name, request->sequence());
  *response->mutable_read_state() = threads_.StateOf(*caller, *name);
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::BatchGetReadStates(
    grpc::ServerContext* context, const comments::v1::BatchGetReadStatesRequest* request,
    comments::v1::BatchGetReadStatesResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  for (const std::string& invoice_id : request->invoice_ids()) {
    *response->add_read_states() = threads_.StateOf(*caller, {caller->org_id, invoice_id});
  }
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::SearchAuthors(grpc::ServerContext* context,
                                             const comments::v1::SearchAuthorsRequest* request,
                                             comments::v1::SearchAuthorsResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  if (std::string("priya").rfind(request->prefix(), 0) != 0) return grpc::Status::OK;
  response->add_authors()->set_user_id("priya");
  response->mutable_authors(0)->set_display_name("Name of priya");
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::WatchEvents(
    grpc::ServerContext* context, const comments::v1::WatchEventsRequest* request,
    grpc::ServerWriter<comments::v1::WatchEventsResponse>* writer) {
  std::string bearer;
  if (const auto found = context->client_metadata().find("authorization");
      found != context->client_metadata().end()) {
    bearer.assign(found->second.data() + 7, found->second.size() - 7);
  }
  const auto token = tokens_.Verify(bearer);
  if (!token.ok()) return ToGrpc(token.status());
  const Caller& caller = (*token)->caller;
  std::unique_lock lock(mutex_);
  const auto start = threads_.StartOf(caller, *request);
  if (!start.ok()) return ToGrpc(start.status());
  std::int64_t position = *start;
  ++watches_;
  changed_.notify_all();
  while (!stopping_ && !context->IsCancelled()) {
    if (held_ || events_held_) {
      changed_.wait_for(lock, kCheckpointInterval);
      continue;
    }
    comments::v1::WatchEventsResponse message;
    const std::int64_t head =
        std::min(threads_.head(), position + static_cast<std::int64_t>(batch_events_max_));
    for (; position < head; ++position) {
      const Event& event = threads_.events()[static_cast<std::size_t>(position)];
      const bool wanted =
          (caller.acts_for_all_tenants() || event.org_id() == caller.org_id) &&
          (request->invoice_id().empty() || event.invoice_id() == request->invoice_id());
      if (wanted) *message.add_events() = event;
    }
    message.set_checkpoint_token(threads_.TokenAt(position, caller));
    const bool more = position < threads_.head();
    lock.unlock();
    if (!writer->Write(message)) {
      lock.lock();
      break;
    }
    lock.lock();
    if (!more) changed_.wait_for(lock, kCheckpointInterval);
  }
  --watches_;
  changed_.notify_all();
  return ToGrpc(Refusal(absl::StatusCode::kUnavailable, "DRAINING", "the server is stopping"));
}

}  // namespace marginalia
