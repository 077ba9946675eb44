#include "gateway/upstream/invoice_json.h"

#include <google/protobuf/duration.pb.h>

#include <utility>

#include "gateway/upstream/comment_json.h"
#include "gateway/upstream/json_writer.h"
#include "gateway/upstream/reader_json.h"

namespace marginalia {
namespace {

using google::protobuf::Duration;
using invoices::v1::Invoice;
using invoices::v1::InvoiceStatus;
using invoices::v1::InvoiceSummary;

// `width` digits, with zeros in front.
void AppendDigits(std::string& json, std::int64_t number, int width) {
  char digits[12];
  for (int i = width - 1; i >= 0; --i, number /= 10)
    digits[i] = static_cast<char>('0' + number % 10);
  json.append(digits, static_cast<std::size_t>(width));
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
