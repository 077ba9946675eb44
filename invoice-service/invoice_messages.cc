#include "invoice-service/invoice_messages.h"

#include <google/protobuf/util/time_util.h>

#include <memory>

#include "services/text/timestamp.h"

namespace marginalia {
namespace {

namespace pb = invoices::v1;
using google::protobuf::util::TimeUtil;

}  // namespace

InvoiceContent ContentOf(const pb::Invoice& invoice) {
  InvoiceContent content{
      invoice.number(),   {invoice.customer().name(), invoice.customer().email()},
      invoice.terms(),    invoice.due_date(),
      invoice.currency(), {}};
  for (const pb::LineItem& line : invoice.line_items()) {
    content.line_items.push_back({line.description(), line.quantity(), line.amount()});
  }
  return content;
}

FreshnessRequirement RequirementOf(const pb::Consistency& consistency) {
  using Kind = FreshnessRequirement::Kind;
  switch (consistency.requirement_case()) {
    case pb::Consistency::kAtLeastAsFresh:
      return {Kind::kAtLeastAsFresh, consistency.at_least_as_fresh()};
    case pb::Consistency::kFullyConsistent:
      return {consistency.fully_consistent() ? Kind::kFullyConsistent : Kind::kMinimizeLatency, ""};
    case pb::Consistency::kMinimizeLatency:
    case pb::Consistency::REQUIREMENT_NOT_SET:
      break;
  }
  return {};
}

void ToWire(const Invoice& invoice, pb::Invoice* wire) {
  wire->set_invoice_id(invoice.invoice_id);
  wire->set_number(invoice.content.number);
  wire->mutable_customer()->set_name(invoice.content.customer.name);
  wire->mutable_customer()->set_email(invoice.content.customer.email);
  wire->set_terms(invoice.content.terms);
  wire->set_due_date(invoice.content.due_date);
  wire->set_currency(invoice.content.currency);
  for (const LineItem& line : invoice.content.line_items) {
    pb::LineItem* item = wire->add_line_items();
    item->set_description(line.description);
    item->set_quantity(line.quantity);
    item->set_amount(line.amount);
  }
  wire->set_total(invoice.total);
  wire->set_status(static_cast<pb::InvoiceStatus>(invoice.status));
  wire->set_version(invoice.version);
  wire->set_etag(invoice.etag);
  SetTime(*wire->mutable_create_time(), invoice.create_time);
  for (const StatusChange& change : invoice.status_changes) {
    pb::StatusChange* moved = wire->add_status_changes();
    moved->set_status(static_cast<pb::InvoiceStatus>(change.status));
    SetTime(*moved->mutable_time(), change.time);
    moved->mutable_actor()->set_user_id(change.actor_id);
    moved->mutable_actor()->set_display_name(change.actor_name);
  }
}

void ToWire(const InvoiceSummary& summary, pb::InvoiceSummary* wire) {
  wire->set_invoice_id(summary.invoice_id);
  wire->set_number(summary.number);
  wire->set_customer_name(summary.customer_name);
  wire->set_total(summary.total);
  wire->set_status(static_cast<pb::InvoiceStatus>(summary.status));
  wire->set_version(summary.version);
  wire->set_due_date(summary.due_date);
  wire->set_currency(summary.currency);
  if (!summary.comments.has_value()) return;
  const CommentCount& comments = *summary.comments;
  wire->set_comment_count(comments.comment_count);
  wire->set_thread_state(static_cast<comments::v1::ThreadState>(summary.comments->state));
  if (comments.state_time) SetTime(*wire->mutable_state_time(), *comments.state_time);
  if (!comments.last_comment_time.has_value()) return;
  SetTime(*wire->mutable_last_comment_time(), *comments.last_comment_time);
  wire->set_last_author_name(comments.last_author_name);
}

void ToWire(const AsOf& as_of, pb::Freshness* wire) {
  if (!as_of.known()) return;
  wire->set_as_of_token(as_of.token);
  *wire->mutable_lag() = TimeUtil::MicrosecondsToDuration(absl::ToInt64Microseconds(as_of.lag));
}

CachedInvoicePointer Encode(const CountedInvoice& counted) {
  auto cached = std::make_shared<CachedInvoice>();
  cached->invoice_id = counted.invoice.invoice_id;
  cached->number = counted.invoice.content.number;
  pb::GetInvoiceResponse invoice;
  ToWire(counted.invoice, invoice.mutable_invoice());
  pb::GetInvoiceResponse summary;
  ToWire(SummaryOf(counted.invoice, counted.comments), summary.mutable_summary());
  cached->summary_bytes = summary.summary().ByteSizeLong();
  // Encoded messages are joined by appending one to the other.
  invoice.AppendToString(&cached->encoded);
  summary.AppendToString(&cached->encoded);
  return cached;
}

std::string Encode(const InvoiceSummary& summary) {
  pb::InvoiceSummary message;
  ToWire(summary, &message);
  return message.SerializeAsString();
}

}  // namespace marginalia
