#include "comments-service/comment_messages.h"

#include <utility>

#include "comments-service/thread/mentions.h"
#include "services/errors/errors.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

// What google/protobuf/timestamp.proto allows: the years 1 to 9999.
constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;
constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;
constexpr std::int32_t kNanosMax = 999'999'999;

void SetAuthor(v1::Author& message, const Author& author) {
  message.set_user_id(author.user_id);
  message.set_display_name(author.display_name);
}

v1::ThreadState StateOf(bool resolved) {
  return resolved ? v1::THREAD_STATE_RESOLVED : v1::THREAD_STATE_OPEN;
}

void SetComment(v1::Comment& message, const Comment& comment) {
  message.set_comment_id(comment.comment_id);
  message.set_invoice_id(comment.invoice_id);
  SetAuthor(*message.mutable_author(), comment.author);
  message.set_body(comment.body);
  SetTime(*message.mutable_create_time(), comment.create_time);
  message.set_sequence(comment.sequence);
  message.set_revision(comment.revision);
  if (comment.edit_time) SetTime(*message.mutable_edit_time(), *comment.edit_time);
  if (comment.removal) {
    v1::Removal& removal = *message.mutable_removal();
    SetTime(*removal.mutable_time(), comment.removal->time);
    SetAuthor(*removal.mutable_actor(), comment.removal->actor);
    removal.set_reason(comment.removal->reason);
  }
  message.set_etag(EtagOf(comment));
  message.set_erased(comment.erased);
  for (const std::string_view user_id : MentionedUsers(comment.mentions)) {
    message.add_mentions(std::string(user_id));
  }
}

std::vector<std::string> TextsOf(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

void SetReadState(v1::ReadState& message, const ReadState& state) {
  message.set_invoice_id(state.invoice_id);
  message.set_read_sequence(state.read_sequence);
  message.set_newest_sequence(state.newest_sequence);
  message.set_unread_count(static_cast<std::int32_t>(state.unread_count));
  message.set_mentioned(state.mentioned);
}

void SetThread(v1::Thread& message, const std::string& invoice_id, const Thread& thread) {
  message.set_invoice_id(invoice_id);
  message.set_state(StateOf(thread.resolved));
  if (thread.state_time != absl::InfinitePast()) {
    SetTime(*message.mutable_state_time(), thread.state_time);
    SetAuthor(*message.mutable_state_actor(), thread.state_actor);
  }
  message.set_comment_count(thread.comment_count());
  message.set_place_count(thread.place_count);
  if (thread.last_comment_time != absl::InfinitePast()) {
    SetTime(*message.mutable_last_comment_time(), thread.last_comment_time);
  }
  message.set_last_author_name(thread.last_author_name);
  message.set_revision(thread.revision());
  message.set_etag(thread.etag());
}

void SetReceipt(v1::Receipt& message, const Receipt& receipt) {
  message.set_position(receipt.position);
  message.set_number(receipt.number);
  message.set_audit_hash(receipt.audit_hash);
}

template <class Response, class Changed>
Response ChangedComment(const Changed& changed) {
  Response message;
  SetComment(*message.mutable_comment(), changed.comment);
  message.set_replayed(changed.replayed);
  message.set_consistency_token(changed.consistency_token);
  if (changed.receipt) SetReceipt(*message.mutable_receipt(), *changed.receipt);
  return message;
}

template <class Response>
Response Settled(const SettledThread& settled) {
  Response message;
  SetThread(*message.mutable_thread(), settled.invoice_id, settled.thread);
  if (settled.comment) SetComment(*message.mutable_comment(), *settled.comment);
  message.set_replayed(settled.replayed);
  message.set_consistency_token(settled.consistency_token);
  if (settled.receipt) SetReceipt(*message.mutable_receipt(), *settled.receipt);
  return message;
}

template <class Request>
NewSettlement SettlementOf(Request& request) {
  NewSettlement settlement;
  settlement.invoice_id = std::move(*request.mutable_invoice_id());
  settlement.etag = std::move(*request.mutable_etag());
  settlement.change_id = std::move(*request.mutable_change_id());
  if (request.has_comment()) {
    settlement.words = {.comment_id = std::move(*request.mutable_comment()->mutable_comment_id()),
                        .body = std::move(*request.mutable_comment()->mutable_body()),
                        .mentions = TextsOf(request.comment().mentions())};
  }
  return settlement;
}

}  // namespace

absl::StatusOr<absl::Time> TimeOf(const google::protobuf::Timestamp& timestamp,
                                  std::string_view field) {
  const bool valid = timestamp.seconds() >= kTimestampSecondsMin &&
                     timestamp.seconds() <= kTimestampSecondsMax && timestamp.nanos() >= 0 &&
                     timestamp.nanos() <= kNanosMax;
  if (!valid) return InvalidField(field, "must be a valid time");
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Microseconds(timestamp.nanos() / 1000);
}

NewComment NewCommentOf(v1::AddCommentRequest request) {
  return {.invoice_id = std::move(*request.mutable_invoice_id()),
          .comment_id = std::move(*request.mutable_comment_id()),
          .body = std::move(*request.mutable_body()),
          .mentions = TextsOf(request.mentions())};
}

v1::AddCommentResponse MessageOf(const AddedComment& added) {
  v1::AddCommentResponse message;
  SetComment(*message.mutable_comment(), added.comment);
  message.set_replayed(added.replayed);
  message.set_consistency_token(added.consistency_token);
  SetReceipt(*message.mutable_receipt(), added.receipt);
  return message;
}

v1::GetCommentResponse MessageOf(const Comment& comment) {
  v1::GetCommentResponse message;
  SetComment(*message.mutable_comment(), comment);
  return message;
}

v1::MarkThreadReadResponse MessageOf(const ReadState& state) {
  v1::MarkThreadReadResponse message;
  SetReadState(*message.mutable_read_state(), state);
  return message;
}

v1::BatchGetReadStatesResponse MessageOf(const std::vector<ReadState>& states) {
  v1::BatchGetReadStatesResponse message;
  for (const ReadState& state : states) SetReadState(*message.add_read_states(), state);
  return message;
}

v1::SearchAuthorsResponse MessageOf(const std::vector<Author>& authors) {
  v1::SearchAuthorsResponse message;
  for (const Author& author : authors) SetAuthor(*message.add_authors(), author);
  return message;
}

NewEdit NewEditOf(v1::EditCommentRequest request) {
  NewEdit edit;
  edit.invoice_id = std::move(*request.mutable_invoice_id());
  edit.etag = std::move(*request.mutable_etag());
  edit.change_id = std::move(*request.mutable_change_id());
  edit.comment_id = std::move(*request.mutable_comment_id());
  edit.body = std::move(*request.mutable_body());
  edit.mentions = TextsOf(request.mentions());
  return edit;
}

NewRemoval NewRemovalOf(v1::RemoveCommentRequest request) {
  NewRemoval removal;
  removal.invoice_id = std::move(*request.mutable_invoice_id());
  removal.etag = std::move(*request.mutable_etag());
  removal.change_id = std::move(*request.mutable_change_id());
  removal.comment_id = std::move(*request.mutable_comment_id());
  removal.reason = std::move(*request.mutable_reason());
  return removal;
}

NewErasure NewErasureOf(v1::EraseCommentRequest request) {
  NewErasure erasure;
  erasure.invoice_id = std::move(*request.mutable_invoice_id());
  erasure.change_id = std::move(*request.mutable_change_id());
  erasure.comment_id = std::move(*request.mutable_comment_id());
  erasure.reason = std::move(*request.mutable_reason());
  return erasure;
}

NewSettlement NewSettlementOf(v1::ResolveThreadRequest request) { return SettlementOf(request); }
NewSettlement NewSettlementOf(v1::ReopenThreadRequest request) { return SettlementOf(request); }

RevisionsRequest RevisionsRequestOf(v1::ListCommentRevisionsRequest request) {
  return {.invoice_id = std::move(*request.mutable_invoice_id()),
          .comment_id = std::move(*request.mutable_comment_id()),
          .page_size = request.page_size(),
          .page_token = std::move(*request.mutable_page_token())};
}

v1::EditCommentResponse MessageOf(const EditedComment& edited) {
  return ChangedComment<v1::EditCommentResponse>(edited);
}

v1::RemoveCommentResponse MessageOf(const RemovedComment& removed) {
  return ChangedComment<v1::RemoveCommentResponse>(removed);
}

v1::EraseCommentResponse MessageOf(const ErasedComment& erased) {
  return ChangedComment<v1::EraseCommentResponse>(erased);
}

v1::ResolveThreadResponse MessageOf(const ResolvedThread& resolved) {
  return Settled<v1::ResolveThreadResponse>(resolved);
}

v1::ReopenThreadResponse MessageOf(const ReopenedThread& reopened) {
  return Settled<v1::ReopenThreadResponse>(reopened);
}

v1::ListCommentRevisionsResponse MessageOf(const RevisionsPage& page) {
  v1::ListCommentRevisionsResponse message;
  for (const Revision& revision : page.revisions) {
    v1::CommentRevision& item = *message.add_revisions();
    item.set_revision(revision.revision);
    item.set_body(revision.body);
    SetTime(*item.mutable_time(), revision.time);
    SetAuthor(*item.mutable_editor(), revision.editor);
    item.set_erased(revision.erased);
  }
  message.set_next_page_token(page.next_page_token);
  return message;
}

v1::GetThreadResponse MessageOf(const ThreadAnswer& answer) {
  v1::GetThreadResponse message;
  SetThread(*message.mutable_thread(), answer.invoice_id, answer.thread);
  return message;
}

v1::ListThreadCountsResponse MessageOf(const ThreadCountsPage& page) {
  v1::ListThreadCountsResponse message;
  for (const ThreadCount& count : page.counts) {
    v1::ThreadCount& item = *message.add_counts();
    item.set_org_id(count.org_id);
    item.set_invoice_id(count.invoice_id);
    item.set_comment_count(count.comment_count);
    if (count.last_comment_time != absl::InfinitePast()) {
      SetTime(*item.mutable_last_comment_time(), count.last_comment_time);
    }
    item.set_last_author_name(count.last_author_name);
    item.set_state(StateOf(count.resolved));
    if (count.state_time != absl::InfinitePast()) {
      SetTime(*item.mutable_state_time(), count.state_time);
    }
    item.set_revision(count.revision);
  }
  message.set_next_page_token(page.next_page_token);
  message.set_as_of_token(page.as_of_token);
  return message;
}

}  // namespace marginalia
