#include "gateway/upstream/transcode.h"

#include <charconv>
#include <utility>

#include "services/text/json_string.h"
#include "services/text/rfc3339.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
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

void AppendComment(std::string& json, const Comment& comment) {
  json += '{';
  AppendText(json, "commentId", comment.comment_id());
  AppendText(json, "invoiceId", comment.invoice_id());
  AppendName(json, "author");
  json += '{';
  AppendText(json, "userId", comment.author().user_id());
  AppendText(json, "displayName", comment.author().display_name());
  json += '}';
  AppendText(json, "body", comment.body());
  AppendTime(json, "createTime", comment.create_time());
  AppendInteger(json, "sequence", comment.sequence());
  json += '}';
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
  json += '}';
  return json;
}

// The enum value's name without its prefix: "SENT".
std::string_view StatusName(InvoiceStatus status) {
  constexpr std::string_view kPrefix = "INVOICE_STATUS_";
  const std::string_view name = invoices::v1::InvoiceStatus_Name(status);
  return name.empty() ? "UNSPECIFIED" : name.substr(kPrefix.size());
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

void AppendSummary(std::string& json, const InvoiceSummary& summary) {
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

std::string ToJson(const comments::v1::ListRecentCommentsResponse& page) {
  return CommentPageToJson(page);
}

std::string ToJson(const comments::v1::AddCommentResponse& added) {
  std::string json = "{\"comment\":";
  AppendComment(json, added.comment());
  AppendText(json, "consistencyToken", added.consistency_token());
  json += '}';
  return json;
}

std::string ToJson(const comments::v1::GetCommentResponse& answer) {
  std::string json = "{\"comment\":";
  AppendComment(json, answer.comment());
  json += '}';
  return json;
}

std::string ToJson(const comments::v1::CommentAdded& added) {
  std::string json = "{\"comment\":";
  AppendComment(json, added.comment());
  AppendInteger(json, "totalSize", added.thread_comment_count());
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

JsonWithFreshness ToJson(const invoices::v1::ListInvoiceSummariesResponse& page) {
  std::string json = "{\"summaries\":[";
  for (const InvoiceSummary& summary : page.summaries()) {
    if (json.back() != '[') json += ',';
    AppendSummary(json, summary);
  }
  json += ']';
  AppendText(json, "nextCursor", page.next_page_token());
  return WithFreshness(std::move(json), page.freshness());
}

}  // namespace marginalia
