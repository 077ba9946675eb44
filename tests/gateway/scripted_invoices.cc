#include "tests/gateway/scripted_invoices.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <vector>

#include "absl/strings/str_join.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "services/tokens/consistency_token.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

using invoices::v1::Invoice;
using invoices::v1::InvoiceSummary;

InvoiceSummary SummaryOf(const Invoice& invoice, std::int64_t comments, bool counts_known) {
  InvoiceSummary summary;
  summary.set_invoice_id(invoice.invoice_id());
  summary.set_number(invoice.number());
  summary.set_customer_name(invoice.customer().name());
  summary.set_total(invoice.total());
  summary.set_status(invoice.status());
  summary.set_version(invoice.version());
  summary.set_due_date(invoice.due_date());
  summary.set_currency(invoice.currency());
  if (!counts_known) return summary;
  summary.set_comment_count(comments);
  if (comments > 0) {
    summary.mutable_last_comment_time()->set_seconds(1'760'000'000 + comments);
    summary.set_last_author_name("Dana");
  }
  return summary;
}

absl::Status NoSuchInvoice() {
  return Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND", "there is no such invoice");
}

}  // namespace

ScriptedInvoices::ScriptedInvoices(TokenVerifier& tokens) : tokens_(tokens) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  address_ = "127.0.0.1:" + std::to_string(port);
}

ScriptedInvoices::~ScriptedInvoices() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void ScriptedInvoices::Add(const std::string& org, const Invoice& invoice, std::int64_t comments) {
  const std::lock_guard lock(mutex_);
  entries_[{org, invoice.number()}] = {invoice, comments};
}

void ScriptedInvoices::FailNext(const absl::Status& status) {
  const std::lock_guard lock(mutex_);
  fail_next_ = status;
}

void ScriptedInvoices::ForgetCounts() {
  const std::lock_guard lock(mutex_);
  counts_known_ = false;
}

void ScriptedInvoices::SetLag(std::int64_t seconds, std::int32_t nanos) {
  const std::lock_guard lock(mutex_);
  lag_seconds_ = seconds;
  lag_nanos_ = nanos;
}

invoices::v1::Consistency ScriptedInvoices::last_consistency() {
  const std::lock_guard lock(mutex_);
  return last_consistency_;
}

absl::StatusOr<Caller> ScriptedInvoices::Enter(grpc::ServerContext* context,
                                               const invoices::v1::Consistency& consistency) {
  last_consistency_ = consistency;
  if (!fail_next_.ok()) {
    // Else gRPC would try an UNAVAILABLE again, and find the call after the one that is to fail.
    context->AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
    return std::exchange(fail_next_, absl::OkStatus());
  }
  const auto found = context->client_metadata().find("authorization");
  if (found == context->client_metadata().end()) return absl::UnauthenticatedError("no token");
  const auto token = tokens_.Verify({found->second.data() + 7, found->second.size() - 7});
  if (!token.ok()) return token.status();
  return (*token)->caller;
}

invoices::v1::Freshness ScriptedInvoices::Fresh(const Caller& caller) const {
  invoices::v1::Freshness freshness;
  if (!counts_known_) return freshness;
  freshness.set_as_of_token(MakeConsistencyToken({"00000000000000a1", 1}, TokenScope(caller)));
  freshness.mutable_lag()->set_seconds(lag_seconds_);
  freshness.mutable_lag()->set_nanos(lag_nanos_);
  return freshness;
}

const ScriptedInvoices::Entry* ScriptedInvoices::Find(const Caller& caller,
                                                      std::string_view id_or_number) const {
  for (const auto& [name, entry] : entries_) {
    if (name.first != caller.org_id) continue;
    if (name.second == id_or_number || entry.invoice.invoice_id() == id_or_number) return &entry;
  }
  return nullptr;
}

grpc::Status ScriptedInvoices::GetInvoice(grpc::ServerContext* context,
                                          const invoices::v1::GetInvoiceRequest* request,
                                          invoices::v1::GetInvoiceResponse* response) {
  const std::lock_guard lock(mutex_);
  const auto caller = Enter(context, request->consistency());
  if (!caller.ok()) return ToGrpc(caller.status());
  const Entry* entry = Find(*caller, request->invoice_id());
  if (entry == nullptr) return ToGrpc(NoSuchInvoice());
  *response->mutable_invoice() = entry->invoice;
  *response->mutable_summary() = SummaryOf(entry->invoice, entry->comments, counts_known_);
  *response->mutable_freshness() = Fresh(*caller);
  return grpc::Status::OK;
}

grpc::Status ScriptedInvoices::BatchGetInvoiceSummaries(
    grpc::ServerContext* context, const invoices::v1::BatchGetInvoiceSummariesRequest* request,
    invoices::v1::BatchGetInvoiceSummariesResponse* response) {
  const std::lock_guard lock(mutex_);
  const auto caller = Enter(context, request->consistency());
  if (!caller.ok()) return ToGrpc(caller.status());
  ++batches_;
  last_batch_size_ = request->invoice_ids_size();
  std::vector<int> unknown;
  int at = 0;
  for (const std::string& id : request->invoice_ids()) {
    const Entry* entry = Find(*caller, id);
    if (entry == nullptr) {
      unknown.push_back(at);
    } else {
      *response->add_summaries() = SummaryOf(entry->invoice, entry->comments, counts_known_);
    }
    ++at;
  }
  if (!unknown.empty()) {
    return ToGrpc(
        WithErrorMetadata(NoSuchInvoice(), "unknown_indexes", absl::StrJoin(unknown, ",")));
  }
  *response->mutable_freshness() = Fresh(*caller);
  return grpc::Status::OK;
}

std::pair<int, int> ScriptedInvoices::last_batch() {
  const std::lock_guard lock(mutex_);
  return {last_batch_size_, batches_};
}

invoices::v1::ListInvoiceSummariesRequest ScriptedInvoices::last_list() {
  const std::lock_guard lock(mutex_);
  return last_list_;
}

grpc::Status ScriptedInvoices::ListInvoiceSummaries(
    grpc::ServerContext* context, const invoices::v1::ListInvoiceSummariesRequest* request,
    invoices::v1::ListInvoiceSummariesResponse* response) {
  const std::lock_guard lock(mutex_);
  const auto caller = Enter(context, request->consistency());
  if (!caller.ok()) return ToGrpc(caller.status());
  last_list_ = *request;
  std::string after;
  if (!request->page_token().empty()) {
    const auto cursor = ParsePageToken(request->page_token(), {"summaries", caller->org_id});
    if (!cursor.ok()) return ToGrpc(cursor.status());
    after = *cursor;
  }
  // It looks at as many at a time as a page may hold, of whatever status.
  int looked_at = 0;
  std::string last;
  for (const auto& [name, entry] : entries_) {
    if (name.first != caller->org_id || name.second <= after) continue;
    if (looked_at++ == request->page_size()) {
      response->set_next_page_token(MakePageToken(last, {"summaries", caller->org_id}));
      break;
    }
    last = name.second;
    if (request->status() != 0 && entry.invoice.status() != request->status()) continue;
    *response->add_summaries() = SummaryOf(entry.invoice, entry.comments, counts_known_);
  }
  *response->mutable_freshness() = Fresh(*caller);
  return grpc::Status::OK;
}

}  // namespace marginalia
