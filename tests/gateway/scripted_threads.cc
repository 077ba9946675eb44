#include "tests/gateway/scripted_threads.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

using comments::v1::Comment;
using comments::v1::Event;

absl::Status ScriptedCommentNotFound() {
  return Refusal(absl::StatusCode::kNotFound, "COMMENT_NOT_FOUND", "no such comment");
}

void ScriptedThreads::AddInvoice(const std::string& org, const std::string& invoice_id,
                                 const std::string& alias) {
  threads_[{org, invoice_id}];
  if (!alias.empty()) aliases_[{org, alias}] = invoice_id;
}

absl::StatusOr<ScriptedThreads::Name> ScriptedThreads::Find(const Caller& caller,
                                                            const std::string& invoice_id) const {
  const Name asked{caller.org_id, invoice_id};
  const auto alias = aliases_.find(asked);
  const Name name = alias == aliases_.end() ? asked : Name{caller.org_id, alias->second};
  if (threads_.count(name) == 0) {
    return Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND", "there is no such invoice");
  }
  return name;
}

const std::vector<Comment>& ScriptedThreads::Comments(const Name& thread) const {
  return threads_.at(thread);
}

Comment ScriptedThreads::Append(const Name& thread, const std::string& comment_id,
                                const std::string& author, const std::string& body,
                                const google::protobuf::RepeatedPtrField<std::string>& mentions) {
  std::vector<Comment>& comments = threads_[thread];
  const std::int64_t position = head() + 1;
  Comment comment;
  const std::string made =
      absl::StrCat("00000000-0000-7000-8000-", absl::Dec(position, absl::kZeroPad12));
  comment.set_comment_id(comment_id.empty() ? made : comment_id);
  comment.set_invoice_id(thread.second);
  comment.mutable_author()->set_user_id(author);
  comment.mutable_author()->set_display_name("Name of " + author);
  comment.set_body(body);
  *comment.mutable_mentions() = mentions;
  comment.mutable_create_time()->set_seconds(kScriptedTime + position);
  comment.set_sequence(static_cast<std::int64_t>(comments.size()) + 1);
  comment.set_revision(1);
  comment.set_etag("c1");
  comments.push_back(comment);
  Event event;
  *event.mutable_comment_added()->mutable_comment() = comment;
  event.mutable_comment_added()->set_thread_comment_count(comment.sequence());
  Tell(thread, std::move(event));
  return comment;
}

void ScriptedThreads::Tell(const Name& thread, Event event) {
  event.set_position(head() + 1);
  event.set_org_id(thread.first);
  event.set_invoice_id(thread.second);
  const absl::Time now = absl::Now() - clock_behind_;
  event.mutable_event_time()->set_seconds(absl::ToUnixSeconds(now));
  event.mutable_event_time()->set_nanos(static_cast<std::int32_t>(
      (now - absl::FromUnixSeconds(absl::ToUnixSeconds(now))) / absl::Nanoseconds(1)));
  events_.push_back(std::move(event));
}

absl::StatusOr<Comment*> ScriptedThreads::FindToChange(const Caller& caller,
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
  return ScriptedCommentNotFound();
}

void ScriptedThreads::Edit(Comment& comment, const std::string& body) {
  std::vector<std::string>& said = said_[comment.comment_id()];
  if (said.empty()) said.push_back(comment.body());
  said.push_back(body);
  comment.set_body(body);
  comment.set_revision(comment.revision() + 1);
  comment.set_etag(absl::StrCat("c", comment.revision()));
  *comment.mutable_edit_time() = comment.create_time();
}

void ScriptedThreads::Remove(Comment& comment, const std::string& actor,
                             const std::string& reason) {
  comment.clear_body();
  comment.set_etag(comment.etag() + "r");
  comment.mutable_removal()->mutable_time()->set_seconds(kScriptedTime);
  comment.mutable_removal()->mutable_actor()->set_user_id(actor);
  comment.mutable_removal()->mutable_actor()->set_display_name("Name of " + actor);
  comment.mutable_removal()->set_reason(reason);
}

void ScriptedThreads::Remove(const Name& thread, const std::string& comment_id,
                             const std::string& actor, const std::string& reason) {
  for (Comment& comment : threads_[thread]) {
    if (comment.comment_id() == comment_id) Remove(comment, actor, reason);
  }
}

void ScriptedThreads::MarkRead(const Caller& caller, const Name& thread, std::int64_t sequence) {
  std::int64_t& mark = read_marks_[{caller.user_id, thread}];
  mark = std::max(mark, std::min(sequence, StateOf(caller, thread).newest_sequence()));
}

comments::v1::ReadState ScriptedThreads::StateOf(const Caller& caller, const Name& thread) const {
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

std::string ScriptedThreads::TokenAt(std::int64_t position, const Caller& caller) const {
  return MakeConsistencyToken({log_id_, position}, TokenScope(caller));
}

absl::StatusOr<std::int64_t> ScriptedThreads::StartOf(
    const Caller& caller, const comments::v1::WatchEventsRequest& request) const {
  if (request.after_token().empty()) return head();
  const auto point = ParseConsistencyToken(request.after_token(), TokenScope(caller), "after_token",
                                           "RESUME_TOKEN_INVALID");
  if (!point.ok()) return point.status();
  if (point->log_id != log_id_ || point->position > head()) {
    return InvalidField("after_token", "is not of this log", "RESUME_TOKEN_INVALID");
  }
  if (point->position < compacted_) {
    return Refusal(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED",
                   "the events after the token are retained no longer");
  }
  if (point->position < lost_) {
    return Refusal(absl::StatusCode::kDataLoss, "EVENTS_MISSING", "an event is missing");
  }
  return point->position;
}

void ScriptedThreads::StartNewLog() {
  log_id_ = "00000000000000b2";
  events_.clear();
  for (auto& [name, comments] : threads_) comments.clear();
}

}  // namespace marginalia
