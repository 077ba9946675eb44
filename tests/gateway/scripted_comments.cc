#include "tests/gateway/scripted_comments.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::Event;

constexpr std::chrono::milliseconds kCheckpointInterval{50};
constexpr std::int64_t kTimeOfFirst = 1'760'000'000;

void TakeAway(Comment& comment, const std::string& actor, const std::string& reason) {
  comment.clear_body();
  comment.set_etag(comment.etag() + "r");
  comment.mutable_removal()->mutable_time()->set_seconds(kTimeOfFirst);
  comment.mutable_removal()->mutable_actor()->set_user_id(actor);
  comment.mutable_removal()->mutable_actor()->set_display_name("Name of " + actor);
  comment.mutable_removal()->set_reason(reason);
}

absl::Status CommentNotFound() {
  return Refusal(absl::StatusCode::kNotFound, "COMMENT_NOT_FOUND", "no such comment");
}

absl::Status InvoiceNotFound() {
  return Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND", "there is no such invoice");
}

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
  threads_[{org, invoice_id}];
  if (!alias.empty()) aliases_[{org, alias}] = invoice_id;
}

Comment ScriptedComments::Post(const std::string& org, const std::string& invoice_id,
                               const std::string& body) {
  Comment comment;
  {
    const std::lock_guard lock(mutex_);
    comment = Append({org, invoice_id}, "", "priya", body);
  }
  changed_.notify_all();
  return comment;
}

Comment ScriptedComments::Append(const ThreadName& thread, const std::string& comment_id,
                                 const std::string& author, const std::string& body,
                                 const google::protobuf::RepeatedPtrField<std::string>& mentions) {
  std::vector<Comment>& comments = threads_[thread];
  const auto position = static_cast<std::int64_t>(events_.size()) + 1;
  Comment comment;
  const std::string made =
      absl::StrCat("00000000-0000-7000-8000-", absl::Dec(position, absl::kZeroPad12));
  comment.set_comment_id(comment_id.empty() ? made : comment_id);
  comment.set_invoice_id(thread.second);
  comment.mutable_author()->set_user_id(author);
  comment.mutable_author()->set_display_name("Name of " + author);
  comment.set_body(body);
  *comment.mutable_mentions() = mentions;
  comment.mutable_create_time()->set_seconds(kTimeOfFirst + position);
  comment.set_sequence(static_cast<std::int64_t>(comments.size()) + 1);
  comment.set_revision(1);
  comment.set_etag("c1");
  comments.push_back(comment);
  Event event;
  event.set_position(position);
  event.set_org_id(thread.first);
  const absl::Time now = absl::Now() - clock_behind_;
  event.mutable_event_time()->set_seconds(absl::ToUnixSeconds(now));
  event.mutable_event_time()->set_nanos(static_cast<std::int32_t>(
      (now - absl::FromUnixSeconds(absl::ToUnixSeconds(now))) / absl::Nanoseconds(1)));
  *event.mutable_comment_added()->mutable_comment() = comment;
  event.mutable_comment_added()->set_thread_comment_count(comment.sequence());
  events_.push_back(event);
  return comment;
}

void ScriptedComments::Remove(const std::string& org, const std::string& invoice_id,
                              const std::string& comment_id, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  for (Comment& comment : threads_[{org, invoice_id}]) {
    if (comment.comment_id() == comment_id) TakeAway(comment, "priya", reason);
  }
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

void ScriptedComments::CompactUpTo(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  compacted_ = position;
}

void ScriptedComments::StartNewLog() {
  const std::lock_guard lock(mutex_);
  log_id_ = "00000000000000b2";
  events_.clear();
  for (auto& [name, comments] : threads_) comments.clear();
}

void ScriptedComments::SetEvidence(std::string file, std::size_t piece_bytes, int fails_after) {
  const std::lock_guard lock(mutex_);
  evidence_ = std::move(file);
  evidence_piece_bytes_ = piece_bytes;
  evidence_fails_after_ = fails_after;
}

int ScriptedComments::list_calls() {
  const std::lock_guard lock(mutex_);
  return list_calls_;
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
  return log_id_;
}

std::int64_t ScriptedComments::head() {
  const std::lock_guard lock(mutex_);
  return static_cast<std::int64_t>(events_.size());
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

absl::StatusOr<ScriptedComments::ThreadName> ScriptedComments::Find(
    const Caller& caller, const std::string& invoice_id) const {
  const ThreadName asked{caller.org_id, invoice_id};
  const auto alias = aliases_.find(asked);
  const ThreadName name =
      alias == aliases_.end() ? asked : ThreadName{caller.org_id, alias->second};
  if (threads_.count(name) == 0) return InvoiceNotFound();
  return name;
}

std::string ScriptedComments::TokenAt(std::int64_t position, const Caller& caller) const {
  return MakeConsistencyToken({log_id_, position}, TokenScope(caller));
}

grpc::Status ScriptedComments::AddComment(grpc::ServerContext* context,
                                          const comments::v1::AddCommentRequest* request,
                                          comments::v1::AddCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  if (request->body().empty()) return ToGrpc(InvalidField("body", "must not be blank"));
  for (const Comment& stored : threads_[*name]) {
    if (stored.comment_id() == request->comment_id()) {
      *response->mutable_comment() = stored;
      response->set_replayed(true);
    }
  }
  if (!response->replayed()) {
    *response->mutable_comment() =
        Append(*name, request->comment_id(), caller->user_id, request->body(), request->mentions());
  }
  response->set_consistency_token(TokenAt(static_cast<std::int64_t>(events_.size()), *caller));
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
  const auto name = Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  for (const Comment& stored : threads_[*name]) {
    if (stored.comment_id() != request->comment_id()) continue;
    *response->mutable_comment() = stored;
    return grpc::Status::OK;
  }
  return ToGrpc(CommentNotFound());
}

absl::StatusOr<Comment*> ScriptedComments::FindToChange(const Caller& caller,
                                                        const std::string& invoice_id,
                                                        const std::string& comment_id,
                                                        const std::string& etag) {
  const auto name = Find(caller, invoice_id);
  if (!name.ok()) return name.status();
  for (Comment& stored : threads_[*name]) {
    if (stored.comment_id() != comment_id) continue;
    if (stored.author().user_id() != caller.user_id && caller.role != Role::kAdmin) {
      return Refusal(absl::StatusCode::kPermissionDenied, "NOT_THE_AUTHOR", "not the author");
    }
    if (stored.has_removal()) {
      return Refusal(absl::StatusCode::kFailedPrecondition, "COMMENT_REMOVED", "it is removed");
    }
    if (stored.etag() != etag) {
      return Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH", "it has changed",
                     {{"etag", stored.etag()}});
    }
    return &stored;
  }
  return CommentNotFound();
}

grpc::Status ScriptedComments::EditComment(grpc::ServerContext* context,
                                           const comments::v1::EditCommentRequest* request,
                                           comments::v1::EditCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  if (request->body().empty()) return ToGrpc(InvalidField("body", "must not be blank"));
  const auto found =
      FindToChange(*caller, request->invoice_id(), request->comment_id(), request->etag());
  if (!found.ok()) return ToGrpc(found.status());
  Comment& comment = **found;
  std::vector<std::string>& said = said_[comment.comment_id()];
  if (said.empty()) said.push_back(comment.body());
  said.push_back(request->body());
  comment.set_body(request->body());
  comment.set_revision(comment.revision() + 1);
  comment.set_etag(absl::StrCat("c", comment.revision()));
  *comment.mutable_edit_time() = comment.create_time();
  *response->mutable_comment() = comment;
  response->set_consistency_token(TokenAt(static_cast<std::int64_t>(events_.size()), *caller));
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::RemoveComment(grpc::ServerContext* context,
                                             const comments::v1::RemoveCommentRequest* request,
                                             comments::v1::RemoveCommentResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto found =
      FindToChange(*caller, request->invoice_id(), request->comment_id(), request->etag());
  if (!found.ok()) return ToGrpc(found.status());
  TakeAway(**found, caller->user_id, request->reason());
  *response->mutable_comment() = **found;
  response->set_consistency_token(TokenAt(static_cast<std::int64_t>(events_.size()), *caller));
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::ListCommentRevisions(
    grpc::ServerContext* context, const comments::v1::ListCommentRevisionsRequest* request,
    comments::v1::ListCommentRevisionsResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  const std::vector<std::string>& said = said_[request->comment_id()];
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
    revision.mutable_time()->set_seconds(kTimeOfFirst);
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
  ++list_calls_;
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  const std::vector<Comment>& comments = threads_[*name];
  std::size_t newest = comments.size();
  if (const std::string& around = request->around_comment_id(); !around.empty()) {
    if (around.size() != 36 && around != "first")
      return ToGrpc(InvalidField("around_comment_id", "must be a UUID"));
    const auto middle = std::find_if(comments.begin(), comments.end(), [&](const Comment& comment) {
      return around == "first" || comment.comment_id() == around;
    });
    if (middle == comments.end() && around != "first") return ToGrpc(CommentNotFound());
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
  response->set_consistency_token(TokenAt(static_cast<std::int64_t>(events_.size()), *caller));
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
  const auto name = Find(*caller, request->invoice_id());
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
  for (const Event& event : events_) {
    const Comment& comment = event.comment_added().comment();
    const bool asked_for =
        !request->mentioning_me() || std::find(comment.mentions().begin(), comment.mentions().end(),
                                               caller->user_id) != comment.mentions().end();
    if (event.org_id() == caller->org_id && asked_for) all.push_back(comment);
  }
  const absl::Status filled = FillPage(all, request->page_size(), request->page_token(),
                                       {"ListRecentComments", caller->org_id}, *response);
  if (!filled.ok()) return ToGrpc(filled);
  response->set_consistency_token(TokenAt(static_cast<std::int64_t>(events_.size()), *caller));
  return grpc::Status::OK;
}

comments::v1::ReadState ScriptedComments::StateOf(const Caller& caller,
                                                  const ThreadName& thread) const {
  comments::v1::ReadState state;
  state.set_invoice_id(thread.second);
  const auto mark = read_marks_.find({caller.user_id, thread});
  if (mark != read_marks_.end()) state.set_read_sequence(mark->second);
  const auto comments = threads_.find(thread);
  if (comments == threads_.end()) return state;
  for (const Comment& comment : comments->second) {
    state.set_newest_sequence(comment.sequence());
    if (comment.sequence() <= state.read_sequence()) continue;
    if (comment.author().user_id() != caller.user_id) {
      state.set_unread_count(state.unread_count() + 1);
    }
    for (const std::string& user_id : comment.mentions()) {
      if (user_id == caller.user_id) state.set_mentioned(true);
    }
  }
  return state;
}

grpc::Status ScriptedComments::MarkThreadRead(grpc::ServerContext* context,
                                              const comments::v1::MarkThreadReadRequest* request,
                                              comments::v1::MarkThreadReadResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  const auto name = Find(*caller, request->invoice_id());
  if (!name.ok()) return ToGrpc(name.status());
  if (request->sequence() < 1) return ToGrpc(InvalidField("sequence", "must be 1 or more"));
  std::int64_t& mark = read_marks_[{caller->user_id, *name}];
  mark = std::max(mark, std::min(request->sequence(), StateOf(*caller, *name).newest_sequence()));
  *response->mutable_read_state() = StateOf(*caller, *name);
  return grpc::Status::OK;
}

grpc::Status ScriptedComments::BatchGetReadStates(
    grpc::ServerContext* context, const comments::v1::BatchGetReadStatesRequest* request,
    comments::v1::BatchGetReadStatesResponse* response) {
  std::unique_lock lock(mutex_);
  const auto caller = Enter(context, lock);
  if (!caller.ok()) return ToGrpc(caller.status());
  for (const std::string& invoice_id : request->invoice_ids()) {
    *response->add_read_states() = StateOf(*caller, {caller->org_id, invoice_id});
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

absl::StatusOr<std::int64_t> ScriptedComments::StartOf(
    const Caller& caller, const comments::v1::WatchEventsRequest& request) const {
  const auto head = static_cast<std::int64_t>(events_.size());
  if (request.after_token().empty()) return head;
  const auto point = ParseConsistencyToken(request.after_token(), TokenScope(caller), "after_token",
                                           "RESUME_TOKEN_INVALID");
  if (!point.ok()) return point.status();
  if (point->log_id != log_id_ || point->position > head) {
    return InvalidField("after_token", "is not of this log", "RESUME_TOKEN_INVALID");
  }
  if (point->position < compacted_) {
    return Refusal(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED",
                   "the events after the token are retained no longer");
  }
  return point->position;
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
  const auto start = StartOf(caller, *request);
  if (!start.ok()) return ToGrpc(start.status());
  std::int64_t position = *start;
  ++watches_;
  changed_.notify_all();
  while (!stopping_ && !context->IsCancelled()) {
    if (held_) {
      changed_.wait_for(lock, kCheckpointInterval);
      continue;
    }
    comments::v1::WatchEventsResponse message;
    const std::int64_t head = std::min(static_cast<std::int64_t>(events_.size()),
                                       position + static_cast<std::int64_t>(batch_events_max_));
    for (; position < head; ++position) {
      const Event& event = events_[static_cast<std::size_t>(position)];
      const bool wanted = (caller.acts_for_all_tenants() || event.org_id() == caller.org_id) &&
                          (request->invoice_id().empty() ||
                           event.comment_added().comment().invoice_id() == request->invoice_id());
      if (wanted) *message.add_events() = event;
    }
    message.set_checkpoint_token(TokenAt(position, caller));
    const bool more = position < static_cast<std::int64_t>(events_.size());
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
