#include "gateway/upstream/transcode.h"

#include <charconv>
#include <utility>

#include "services/text/json_string.h"
#include "services/text/rfc3339.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using comments::v1::Author;
using comments::v1::Comment;
using comments::v1::Event;
using comments::v1::Thread;
using google::protobuf::Duration;
using google::protobuf::RepeatedPtrField;
using google::protobuf::Timestamp;
using invoices::v1::Invoice;
using invoices::v1::InvoiceStatus;
using invoices::v1::InvoiceSummary;

// What a comment takes besides its body, and what the rest of a page takes, to reserve by.
constexpr std::size_t kCommentBytes = 320;
constexpr std::size_t kPageBytes = 512;

void AppendNumber(std::string& json, std::int64_t number) {
  char digits[24];
  json.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

// `width` digits, with zeros in front.
void AppendDigits(std::string& json, std::int64_t number, int width) {
  char digits[12];
  for (int i = width - 1; i >= 0; --i, number /= 10)
    digits[i] = static_cast<char>('0' + number % 10);
  json.append(digits, static_cast<std::size_t>(width));
}

// "name": with the comma that separates it from what came before.
void AppendName(std::string& json, std::string_view name) {
  if (json.back() != '{' && json.back() != '[') json += ',';
  json += '"';
  json += name;
  json += "\":";
}

void AppendText(std::string& json, std::string_view name, std::string_view text) {
  AppendName(json, name);
  AppendJsonString(json, text);
}

void AppendInteger(std::string& json, std::string_view name, std::int64_t number) {
  AppendName(json, name);
  AppendNumber(json, number);
}

void AppendTime(std::string& json, std::string_view name, const Timestamp& time) {
  AppendName(json, name);
  json += '"';
  AppendRfc3339(json, TimeOf(time));
  json += '"';
}

// Seconds as protobuf's own JSON writes a Duration: "0.003s".
void AppendDuration(std::string& json, std::string_view name, const Duration& duration) {
  AppendName(json, name);
  json += '"';
  AppendNumber(json, duration.seconds());
  json += '.';
  AppendDigits(json, duration.nanos() / 1'000'000, 3);
  json += "s\"";
}

void AppendAuthor(std::string& json, std::string_view name, const Author& author) {
  AppendName(json, name);
  json += '{';
  AppendText(json, "userId", author.user_id());
  AppendText(json, "displayName", author.display_name());
  json += '}';
}

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

void AppendUnread(std::string& json, const comments::v1::ReadState& state) {
  AppendInteger(json, "unreadCount", state.unread_count());
  AppendName(json, "mentioned");
  json += state.mentioned() ? "true" : "false";
}

void AppendReadState(std::string& json, const comments::v1::ReadState& state) {
  json += '{';
  AppendText(json, "invoiceId", state.invoice_id());
  AppendInteger(json, "readSequence", state.read_sequence());
  AppendInteger(json, "newestSequence", state.newest_sequence());
  AppendUnread(json, state);
  json += '}';
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

// The enum value's name without its prefix: "RESOLVED".
std::string_view StateName(comments::v1::ThreadState state) {
  constexpr std::string_view kPrefix = "THREAD_STATE_";
  const std::string_view name = comments::v1::ThreadState_Name(state);
  return name.empty() ? "UNSPECIFIED" : name.substr(kPrefix.size());
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

// The enum value's name without its prefix: "SENT".
std::string_view StatusName(InvoiceStatus status) {
  constexpr std::string_view kPrefix = "INVOICE_STATUS_";
  const std::string_view name = invoices::v1::InvoiceStatus_Name(status);
  return name.empty() ? "UNSPECIFIED" : name.substr(kPrefix.size());
}

void AppendStatusChanges(std::string& json, const Invoice& invoice) {
  AppendName(json, "statusChanges");
  json += '[';
  for (const auto& change : invoice.status_changes()) {
    if (json.back() != '[') json += ',';
    json += '{';
    AppendText(json, "status", StatusName(change.status()));
    AppendTime(json, "time", change.time());
    AppendAuthor(json, "actor", change.actor());
    json += '}';
  }
  json += ']';
}

void AppendInvoice(std::string& json, const Invoice& invoice) {
  json += '{';
  AppendText(json, "invoiceId", invoice.invoice_id());
  AppendText(json, "number", invoice.number());
  AppendName(json, "customer");
  json += '{';
  AppendText(json, "name", invoice.customer().name());
  AppendText(json, "email", invoice.customer().email());
  json += '}';
  AppendText(json, "terms", invoice.terms());
  AppendText(json, "dueDate", invoice.due_date());
  AppendText(json, "currency", invoice.currency());
  AppendName(json, "lineItems");
  json += '[';
  for (const auto& item : invoice.line_items()) {
    if (json.back() != '[') json += ',';
    json += '{';
    AppendText(json, "description", item.description());
    AppendText(json, "quantity", item.quantity());
    AppendInteger(json, "amount", item.amount());
    json += '}';
  }
  json += ']';
  AppendInteger(json, "total", invoice.total());
  AppendText(json, "status", StatusName(invoice.status()));
  AppendInteger(json, "version", invoice.version());
  AppendText(json, "etag", invoice.etag());
  AppendTime(json, "createTime", invoice.create_time());
  AppendStatusChanges(json, invoice);
  json += '}';
}

void AppendCount(std::string& json, const InvoiceSummary& summary) {
  AppendInteger(json, "commentCount", summary.comment_count());
  if (summary.has_last_comment_time()) {
    AppendTime(json, "lastCommentTime", summary.last_comment_time());
  } else {
    AppendName(json, "lastCommentTime");
    json += "null";
  }
  AppendText(json, "lastAuthorName", summary.last_author_name());
}

// Without a state nobody knows what is unread: then nothing says that nothing is.
void AppendSummary(std::string& json, const InvoiceSummary& summary,
                   const comments::v1::ReadState* read_state = nullptr) {
  json += '{';
  AppendText(json, "invoiceId", summary.invoice_id());
  AppendText(json, "number", summary.number());
  AppendText(json, "customerName", summary.customer_name());
  AppendInteger(json, "total", summary.total());
  AppendText(json, "currency", summary.currency());
  AppendText(json, "status", StatusName(summary.status()));
  AppendInteger(json, "version", summary.version());
  AppendText(json, "dueDate", summary.due_date());
  if (summary.has_comment_count()) AppendCount(json, summary);
  if (summary.thread_state() != comments::v1::THREAD_STATE_UNSPECIFIED) {
    AppendText(json, "threadState", StateName(summary.thread_state()));
  }
  if (summary.has_state_time()) AppendTime(json, "stateTime", summary.state_time());
  if (read_state != nullptr) AppendUnread(json, *read_state);
  json += '}';
}

JsonWithFreshness WithFreshness(std::string json, const invoices::v1::Freshness& freshness) {
  const std::size_t offset = json.size();
  AppendName(json, "freshness");
  json += '{';
  // Nobody knows any count: then there is nothing that they would be as of.
  if (!freshness.as_of_token().empty()) {
    AppendText(json, "asOfToken", freshness.as_of_token());
    AppendDuration(json, "lag", freshness.lag());
  }
  json += "}}";
  return {std::move(json), offset};
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
  for (const InvoiceSummary& summary : invoices.summaries()) {
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

std::string ToJson(const comments::v1::ReadState& state) {
  std::string json;
  AppendReadState(json, state);
  return json;
}

std::string ToJson(const comments::v1::MarkThreadReadResponse& marked) {
  return "{\"readState\":" + ToJson(marked.read_state()) + "}";
}

std::string ToJson(const comments::v1::SearchAuthorsResponse& found) {
  std::string json = "{\"people\":[";
  for (const Author& author : found.authors()) {
    if (json.back() != '[') json += ',';
    json += '{';
    AppendText(json, "userId", author.user_id());
    AppendText(json, "displayName", author.display_name());
    json += '}';
  }
  json += "]}";
  return json;
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

JsonWithFreshness ToJson(const invoices::v1::GetInvoiceResponse& answer) {
  std::string json = "{\"invoice\":";
  AppendInvoice(json, answer.invoice());
  AppendName(json, "summary");
  AppendSummary(json, answer.summary());
  return WithFreshness(std::move(json), answer.freshness());
}

JsonWithFreshness ToJson(const invoices::v1::ListInvoiceSummariesResponse& page,
                         const ReadStatesOfInvoices& read_states) {
  std::string json = "{\"summaries\":[";
  for (const InvoiceSummary& summary : page.summaries()) {
    if (json.back() != '[') json += ',';
    const auto state = read_states.find(summary.invoice_id());
    AppendSummary(json, summary, state == read_states.end() ? nullptr : &state->second);
  }
  json += ']';
  AppendText(json, "nextCursor", page.next_page_token());
  return WithFreshness(std::move(json), page.freshness());
}

}  // namespace marginalia
