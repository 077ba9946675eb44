#include "gateway/upstream/comment_json.h"

#include "gateway/upstream/json_writer.h"
#include "gateway/upstream/reader_json.h"

namespace marginalia {
namespace {

using comments::v1::Author;
using comments::v1::Comment;
using comments::v1::Event;
using comments::v1::Thread;

// What a comment takes besides its body, and what the rest of a page takes, to reserve by.
constexpr std::size_t kCommentBytes = 320;
constexpr std::size_t kPageBytes = 512;

// What has happened to a comment since it was written.
void AppendChanges(std::string& json, const Comment& comment) {
  if (comment.revision() > 0) AppendInteger(json, "revision", comment.revision());
  if (comment.has_edit_time()) AppendTime(json, "editTime", comment.edit_time());
  if (comment.has_removal()) {
    AppendName(json, "removal");
    json += '{';
    AppendTime(json, "time", comment.removal().time());
    AppendAuthor(json, "actor", comment.removal().actor());
    AppendText(json, "reason", comment.removal().reason());
    json += '}';
  }
  if (comment.erased()) {
    AppendName(json, "erased");
    json += "true";
  }
  if (!comment.etag().empty()) AppendText(json, "etag", comment.etag());
  if (comment.mentions().empty()) return;
  AppendName(json, "mentions");
  json += '[';
  for (const std::string& user_id : comment.mentions()) {
    if (json.back() != '[') json += ',';
    AppendJsonString(json, user_id);
  }
  json += ']';
}

void AppendComment(std::string& json, const Comment& comment) {
  json += '{';
  AppendText(json, "commentId", comment.comment_id());
  AppendText(json, "invoiceId", comment.invoice_id());
  AppendAuthor(json, "author", comment.author());
  AppendText(json, "body", comment.body());
  AppendTime(json, "createTime", comment.create_time());
  AppendInteger(json, "sequence", comment.sequence());
  AppendChanges(json, comment);
  json += '}';
}

void AppendThread(std::string& json, const Thread& thread) {
  AppendName(json, "thread");
  json += '{';
  AppendText(json, "state", StateName(thread.state()));
  if (thread.has_state_time()) {
    AppendTime(json, "stateTime", thread.state_time());
    AppendAuthor(json, "stateActor", thread.state_actor());
  }
  AppendInteger(json, "commentCount", thread.comment_count());
  AppendInteger(json, "placeCount", thread.place_count());
  if (thread.has_last_comment_time()) {
    AppendTime(json, "lastCommentTime", thread.last_comment_time());
    AppendText(json, "lastAuthorName", thread.last_author_name());
  }
  AppendInteger(json, "revision", thread.revision());
  AppendText(json, "etag", thread.etag());
  json += '}';
}

// The comment that the event tells of; null: it tells of the thread only.
const Comment* CommentOf(const Event& event) {
  switch (event.kind_case()) {
    case Event::kCommentAdded:
      return &event.comment_added().comment();
    case Event::kCommentEdited:
      return &event.comment_edited().comment();
    case Event::kCommentRemoved:
      return &event.comment_removed().comment();
    case Event::kCommentErased:
      return &event.comment_erased().comment();
    case Event::kThreadResolved:
    case Event::kThreadReopened:
    case Event::KIND_NOT_SET:
      return nullptr;
  }
  return nullptr;
}

void AppendThreadOf(std::string& json, const comments::v1::ListCommentsResponse& page) {
  if (page.has_thread()) AppendThread(json, page.thread());
}
void AppendThreadOf(std::string& json, const comments::v1::ListRecentCommentsResponse& page) {
  AppendName(json, "readStates");
  json += '[';
  for (const comments::v1::ReadState& state : page.read_states()) {
    if (json.back() != '[') json += ',';
    AppendReadState(json, state);
  }
  json += ']';
}

template <typename Page>
std::string CommentPageToJson(const Page& page) {
  std::size_t bytes = kPageBytes;
  for (const Comment& comment : page.comments()) bytes += kCommentBytes + comment.body().size();
  std::string json;
  json.reserve(bytes);
  json += "{\"comments\":[";
  for (const Comment& comment : page.comments()) {
    if (json.back() != '[') json += ',';
    AppendComment(json, comment);
  }
  json += ']';
  AppendText(json, "nextCursor", page.next_page_token());
  AppendText(json, "previousCursor", page.previous_page_token());
  AppendInteger(json, "totalSize", page.total_size());
  AppendText(json, "consistencyToken", page.consistency_token());
  AppendThreadOf(json, page);
  json += '}';
  return json;
}

template <typename Response>
std::string ChangedToJson(const Response& changed) {
  std::string json = "{\"comment\":";
  AppendComment(json, changed.comment());
  AppendText(json, "consistencyToken", changed.consistency_token());
  json += '}';
  return json;
}

template <typename Response>
std::string SettledToJson(const Response& settled) {
  std::string json = "{";
  AppendThread(json, settled.thread());
  if (settled.has_comment()) {
    AppendName(json, "comment");
    AppendComment(json, settled.comment());
  }
  AppendText(json, "consistencyToken", settled.consistency_token());
  json += '}';
  return json;
}

}  // namespace

std::int64_t RevisionOf(const comments::v1::ListCommentsResponse& page) {
  return page.has_thread() ? page.thread().revision() : page.total_size();
}

std::string ToJson(const comments::v1::ListCommentsResponse& page) {
  return CommentPageToJson(page);
}

std::string ToJson(const comments::v1::ListRecentCommentsResponse& page,
                   const invoices::v1::BatchGetInvoiceSummariesResponse& invoices) {
  std::string json = CommentPageToJson(page);
  json.pop_back();
  AppendName(json, "invoices");
  json += '[';
  for (const auto& summary : invoices.summaries()) {
    if (json.back() != '[') json += ',';
    json += '{';
    AppendText(json, "invoiceId", summary.invoice_id());
    AppendText(json, "number", summary.number());
    AppendText(json, "customerName", summary.customer_name());
    json += '}';
  }
  json += "]}";
  return json;
}

std::string ToJson(const comments::v1::AddCommentResponse& added) { return ChangedToJson(added); }

std::string ToJson(const comments::v1::GetCommentResponse& answer) {
  std::string json = "{\"comment\":";
  AppendComment(json, answer.comment());
  json += '}';
  return json;
}

std::string ToJson(const comments::v1::EditCommentResponse& changed) {
  return ChangedToJson(changed);
}

std::string ToJson(const comments::v1::RemoveCommentResponse& changed) {
  return ChangedToJson(changed);
}

std::string ToJson(const comments::v1::ListCommentRevisionsResponse& page) {
  std::string json = "{\"revisions\":[";
  for (const auto& revision : page.revisions()) {
    if (json.back() != '[') json += ',';
    json += '{';
    AppendInteger(json, "revision", revision.revision());
    AppendText(json, "body", revision.body());
    AppendTime(json, "time", revision.time());
    AppendAuthor(json, "editor", revision.editor());
    if (revision.erased()) {
      AppendName(json, "erased");
      json += "true";
    }
    json += '}';
  }
  json += ']';
  AppendText(json, "nextCursor", page.next_page_token());
  json += '}';
  return json;
}

std::string ToJson(const comments::v1::ResolveThreadResponse& settled) {
  return SettledToJson(settled);
}

std::string ToJson(const comments::v1::ReopenThreadResponse& settled) {
  return SettledToJson(settled);
}

std::string_view KindName(const Event& event) {
  const auto* field = Event::descriptor()->FindFieldByNumber(event.kind_case());
  return field == nullptr ? std::string_view() : std::string_view(field->name());
}

std::string ToJson(const Event& event) {
  std::string json = "{";
  if (const Comment* comment = CommentOf(event)) {
    AppendName(json, "comment");
    AppendComment(json, *comment);
  }
  if (event.has_comment_added()) {
    AppendInteger(json, "totalSize", event.comment_added().thread_comment_count());
  }
  if (event.has_thread()) AppendThread(json, event.thread());
  json += '}';
  return json;
}

void AppendAuthor(std::string& json, std::string_view name, const Author& author) {
  AppendName(json, name);
  json += '{';
  AppendText(json, "userId", author.user_id());
  AppendText(json, "displayName", author.display_name());
  json += '}';
}

std::string_view StateName(comments::v1::ThreadState state) {
  constexpr std::string_view kPrefix = "THREAD_STATE_";
  const std::string_view name = comments::v1::ThreadState_Name(state);
  return name.empty() ? "UNSPECIFIED" : name.substr(kPrefix.size());
}

}  // namespace marginalia
