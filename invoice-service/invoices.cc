#include "invoice-service/invoices.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "invoice-service/comment_count_store.h"
#include "invoice-service/invoice_store.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/storage/read_value.h"
#include "services/text/base64url.h"
#include "services/text/framed_hash.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

absl::Status EtagMismatch() {
  return Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                 "The invoice has changed since it was read; read it again.");
}

absl::Status StatusOf(std::vector<InvoiceViolation> found) {
  std::vector<FieldViolation> violations;
  for (InvoiceViolation& broken : found) {
    violations.push_back({"invoice." + broken.field, std::move(broken.description)});
  }
  return violations.empty() ? absl::OkStatus() : InvalidFields(violations);
}

constexpr std::size_t kSealBytes = 9;

// Stands for the content: equal for equal content, and as good as never for any other.
std::string SealOf(const InvoiceContent& content) {
  std::string canonical;
  const auto add = [&canonical](std::string_view text) {
    absl::StrAppend(&canonical, text.size(), ":");
    canonical += text;
  };
  for (const std::string* text : {&content.number, &content.customer.name, &content.customer.email,
                                  &content.terms, &content.due_date, &content.currency}) {
    add(*text);
  }
  for (const LineItem& line : content.line_items) {
    add(line.description);
    add(line.quantity);
    add(absl::StrCat(line.amount));
  }
  // In this form since the first version: it stands in the rows.
  std::string bytes = "\1";
  for (const std::string_view piece :
       {std::string_view("invoice content"), std::string_view(canonical), std::string_view()}) {
    AppendFramed(bytes, piece);
  }
  return EncodeBase64Url("\1" + std::string(BytesOf(Sha256Of(bytes)).substr(0, kSealBytes)));
}

// Why the insert was refused; OK when it was a repetition, whose stored invoice is then in
// `invoice`.
absl::Status ExplainConflict(Connection& connection, const std::string& org_id,
                             const std::string& create_seal, Invoice& invoice) {
  const auto stored_seal = InvoiceStore::FindCreateSeal(connection, org_id, invoice.invoice_id);
  if (!stored_seal.has_value()) {
    return Refusal(
        absl::StatusCode::kAlreadyExists, "INVOICE_NUMBER_TAKEN",
        "There is an invoice with the number \"" + invoice.content.number + "\" already.");
  }
  if (*stored_seal != create_seal) {
    return Refusal(absl::StatusCode::kAlreadyExists, "INVOICE_ID_REUSED",
                   "There is another invoice with the id \"" + invoice.invoice_id + "\".");
  }
  invoice = *InvoiceStore::Find(connection, org_id, invoice.invoice_id);
  return absl::OkStatus();
}

}  // namespace

absl::Status InvoiceNotFound(std::string_view id_or_number) {
  return Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND",
                 "There is no invoice \"" + std::string(id_or_number) + "\".");
}

absl::StatusOr<std::string> InvoiceKey(std::string_view id_or_number, std::string_view field) {
  if (id_or_number.empty()) return InvalidField(field, "is required");
  if (id_or_number.size() > kInvoiceIdCharactersMax) {
    return InvalidField(field,
                        absl::StrCat("must be at most ", kInvoiceIdCharactersMax, " characters"));
  }
  std::string key(id_or_number);
  if (IsUuid(key)) {
    absl::AsciiStrToLower(&key);
  } else if (!FaultOfNumber(key).empty()) {
    return InvoiceNotFound(key);
  }
  return key;
}

Invoices::Invoices(Database& database, GroupCommit& writes, SummaryCache& cache, Clock clock)
    : database_(database), writes_(writes), cache_(cache), clock_(std::move(clock)) {}

void Invoices::Read(const Caller& caller, std::string key, SteadyTime deadline, CountedDone done) {
  ReadValueThen(
      database_, deadline, Tenants::One(caller.org_id),
      [org_id = caller.org_id,
       key = std::move(key)](Connection& connection) -> std::optional<CountedInvoice> {
        std::optional<Invoice> invoice = InvoiceStore::Find(connection, org_id, key);
        if (!invoice.has_value()) return std::nullopt;
        CommentCount comments = CommentCountStore::Find(connection, org_id, invoice->invoice_id);
        return CountedInvoice{*std::move(invoice), std::move(comments)};
      },
      std::move(done));
}

void Invoices::ReadSummaries(const Caller& caller, std::vector<std::string> keys,
                             SteadyTime deadline, SummariesDone done) {
  ReadValueThen(
      database_, deadline, Tenants::One(caller.org_id),
      [org_id = caller.org_id, keys = std::move(keys)](Connection& connection) {
        std::vector<std::optional<InvoiceSummary>> found;
        for (const std::string& key : keys) {
          auto& summary = found.emplace_back(InvoiceStore::FindSummary(connection, org_id, key));
          if (!summary.has_value()) continue;
          summary->comments = CommentCountStore::Find(connection, org_id, summary->invoice_id);
        }
        return found;
      },
      std::move(done));
}

void Invoices::List(const Caller& caller, SummaryList list, int limit, SteadyTime deadline,
                    PageDone done) {
  list.today = absl::FormatTime("%Y-%m-%d", clock_(), absl::UTCTimeZone());
  ReadValueThen(
      database_, deadline, Tenants::One(caller.org_id),
      [org_id = caller.org_id, list = std::move(list), limit](Connection& connection) {
        return ListSummaries(connection, org_id, list, limit);
      },
      std::move(done));
}

void Invoices::Create(const Caller& caller, std::string_view invoice_id,
                      const InvoiceContent& content, SteadyTime deadline, InvoiceDone done) {
  const std::optional<std::string> canonical = CanonicalUuid(invoice_id);
  if (!invoice_id.empty() && (!canonical.has_value() || IsNilOrMaxUuid(*canonical))) {
    return done(InvalidField("invoice_id", "must be a UUID, neither nil nor max, or empty"));
  }
  const absl::Status checked = StatusOf(CheckContent(content));
  if (!checked.ok()) return done(checked);
  auto invoice = std::make_shared<Invoice>();
  invoice->create_time = absl::FromUnixMicros(absl::ToUnixMicros(clock_()));
  invoice->invoice_id = invoice_id.empty() ? NewUuid(invoice->create_time) : *canonical;
  invoice->content = content;
  invoice->total = *TotalOf(content);
  invoice->etag = NewEtag();
  auto stored = std::make_shared<Invoice>();
  writes_.Submit(
      deadline, Tenants::One(caller.org_id),
      [invoice, stored, org_id = caller.org_id, seal = SealOf(content)](Connection& connection) {
        *stored = *invoice;
        if (InvoiceStore::Insert(connection, org_id, *stored, seal)) return absl::OkStatus();
        return ExplainConflict(connection, org_id, seal, *stored);
      },
      [stored, done = std::move(done)](const absl::Status& status) mutable {
        if (!status.ok()) return done(status);
        done(std::move(*stored));
      });
}

void Invoices::Update(const Caller& caller, std::string_view id_or_number, InvoiceContent content,
                      std::string etag, SteadyTime deadline, InvoiceDone done) {
  // Before it waits to be written, in memory; all other rules are those of a version.
  const absl::Status sized = StatusOf(CheckSize(content));
  if (!sized.ok()) return done(sized);
  Change(
      caller, id_or_number, "invoice.invoice_id", std::move(etag), deadline,
      [content = std::move(content)](Invoice& invoice) -> absl::Status {
        InvoiceContent edited = content;
        if (edited.number.empty()) edited.number = invoice.content.number;
        if (edited.number != invoice.content.number) {
          return InvalidField("invoice.number", "must be empty or unchanged");
        }
        absl::Status checked = StatusOf(CheckEditedContent(edited));
        if (!checked.ok()) return checked;
        if (invoice.status != InvoiceStatus::kDraft) {
          return Refusal(absl::StatusCode::kFailedPrecondition, "INVOICE_NOT_DRAFT",
                         "Only a DRAFT can be edited; the invoice is " +
                             std::string(StatusName(invoice.status)) + ".");
        }
        invoice.total = *TotalOf(edited);
        invoice.content = std::move(edited);
        return absl::OkStatus();
      },
      std::move(done));
}

void Invoices::Move(const Caller& caller, std::string_view id_or_number, InvoiceAction action,
                    std::string etag, SteadyTime deadline, InvoiceDone done) {
  Change(
      caller, id_or_number, "invoice_id", std::move(etag), deadline,
      [caller, action, now = clock_()](Invoice& invoice) -> absl::Status {
        const absl::Status moved =
            MoveOn(invoice, action, now, caller.user_id, caller.display_name);
        if (moved.ok()) return moved;
        return Refusal(absl::StatusCode::kFailedPrecondition, "INVOICE_STATUS_INVALID",
                       std::string(moved.message()));
      },
      std::move(done));
}

void Invoices::Change(const Caller& caller, std::string_view id_or_number,
                      std::string_view id_field, std::string etag, SteadyTime deadline, Edit edit,
                      InvoiceDone done) {
  const absl::StatusOr<std::string> key = InvoiceKey(id_or_number, id_field);
  if (!key.ok()) return done(key.status());
  if (etag.empty()) return done(InvalidField("etag", "is required"));
  auto invoice = std::make_shared<Invoice>();
  writes_.Submit(
      deadline, Tenants::One(caller.org_id),
      [invoice, org_id = caller.org_id, key = *key, etag = std::move(etag),
       edit = std::move(edit)](Connection& connection) mutable {
        std::optional<Invoice> stored = InvoiceStore::Find(connection, org_id, key);
        if (!stored.has_value()) return InvoiceNotFound(key);
        // Before the rules: whoever decided on another version must look again first.
        if (stored->etag != etag) return EtagMismatch();
        *invoice = *std::move(stored);
        if (absl::Status edited = edit(*invoice); !edited.ok()) return edited;
        ++invoice->version;
        invoice->etag = NewEtag();
        return InvoiceStore::Replace(connection, org_id, *invoice, etag) ? absl::OkStatus()
                                                                         : EtagMismatch();
      },
      [this, invoice, org_id = caller.org_id,
       done = std::move(done)](const absl::Status& status) mutable {
        // Also after a commit whose outcome is unknown. Before the answer: its caller may read at
        // once.
        cache_.Invalidate(org_id, invoice->invoice_id);
        if (!status.ok()) return done(status);
        done(std::move(*invoice));
      });
}

}  // namespace marginalia
