#include "invoice-service/invoice.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "invoice-service/currency.h"
#include "services/text/path_id.h"
#include "services/text/shown_name.h"
#include "services/text/uuid.h"

namespace marginalia {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Violations {
 public:
  void Add(std::string field, std::string description) {
    found_.push_back({std::move(field), std::move(description)});
  }

  // What people read as a name (services/text/shown_name.h).
  void CheckName(std::string field, std::string_view text, std::size_t characters_max) {
    std::string fault = FaultOfName(text, characters_max);
    if (!fault.empty()) Add(std::move(field), std::move(fault));
  }

  void CheckOptionalName(std::string field, std::string_view text, std::size_t characters_max) {
    if (!text.empty()) CheckName(std::move(field), text, characters_max);
  }

  std::vector<InvoiceViolation> Take() { return std::move(found_); }

 private:
  std::vector<InvoiceViolation> found_;
};

// No more than keeps a typing error out: only a letter sent to it proves that an address is one.
bool IsEmail(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != text.npos && at > 0 && at + 1 < text.size() && text.find(' ') == text.npos;
}

bool IsMoney(std::int64_t amount) { return amount >= -kMoneyMax && amount <= kMoneyMax; }

std::string WithinMoney(absl::string_view what) {
  return absl::StrCat(what, " from -", kMoneyMax, " to ", kMoneyMax, " minor units");
}

std::string LinesInWords() { return absl::StrCat("must be 1 to ", kLineItemsMax, " lines"); }

void CheckLineItems(const InvoiceContent& content, Violations& violations) {
  if (content.line_items.empty() || content.line_items.size() > kLineItemsMax) {
    return violations.Add("line_items", LinesInWords());
  }
  for (std::size_t i = 0; i < content.line_items.size(); ++i) {
    const LineItem& line = content.line_items[i];
    const std::string path = absl::StrCat("line_items[", i, "].");
    violations.CheckName(path + "description", line.description, kDescriptionCharactersMax);
    violations.CheckOptionalName(path + "quantity", line.quantity, kQuantityCharactersMax);
    if (!IsMoney(line.amount)) violations.Add(path + "amount", WithinMoney("must be"));
  }
  const bool amounts_fit = std::all_of(content.line_items.begin(), content.line_items.end(),
                                       [](const LineItem& line) { return IsMoney(line.amount); });
  if (amounts_fit && !TotalOf(content).has_value()) {
    violations.Add("line_items", WithinMoney("must add up to a total"));
  }
}

std::size_t TextBytes(const InvoiceContent& content) {
  std::size_t bytes = content.number.size() + content.customer.name.size() +
                      content.customer.email.size() + content.terms.size();
  for (const LineItem& line : content.line_items) {
    bytes += line.description.size() + line.quantity.size();
  }
  return bytes;
}

void CheckTextBytes(const InvoiceContent& content, Violations& violations) {
  if (TextBytes(content) <= kTextBytesMax) return;
  violations.Add("line_items", absl::StrCat("must, with the invoice's other texts, be at most ",
                                            kTextBytesMax, " bytes of UTF-8"));
}

}  // namespace

CommentCount MakeCommentCount(std::int64_t comment_count, std::int64_t last_comment_time,
                              std::string last_author_name, std::int64_t state,
                              std::int64_t state_time) {
  const auto time_of = [](std::int64_t micros) {
    return micros == 0 ? std::nullopt : std::optional(absl::FromUnixMicros(micros));
  };
  return {comment_count, time_of(last_comment_time), std::move(last_author_name),
          static_cast<ThreadState>(state), time_of(state_time)};
}

InvoiceSummary SummaryOf(const Invoice& invoice, const std::optional<CommentCount>& comments) {
  return {invoice.invoice_id, invoice.content.number,   invoice.content.customer.name,
          invoice.total,      invoice.content.currency, invoice.status,
          invoice.version,    invoice.content.due_date, comments};
}

std::vector<InvoiceViolation> CheckSize(const InvoiceContent& content) {
  Violations violations;
  if (content.line_items.size() > kLineItemsMax) violations.Add("line_items", LinesInWords());
  CheckTextBytes(content, violations);
  return violations.Take();
}

std::vector<InvoiceViolation> CheckContent(const InvoiceContent& content) {
  std::vector<InvoiceViolation> violations = CheckEditedContent(content);
  if (std::string fault = FaultOfNumber(content.number); !fault.empty()) {
    violations.insert(violations.begin(), {"number", std::move(fault)});
  }
  return violations;
}

std::vector<InvoiceViolation> CheckEditedContent(const InvoiceContent& content) {
  Violations violations;
  violations.CheckName("customer.name", content.customer.name, kCustomerNameCharactersMax);
  violations.CheckOptionalName("customer.email", content.customer.email, kEmailCharactersMax);
  if (!content.customer.email.empty() && !IsEmail(content.customer.email)) {
    violations.Add("customer.email", "must be an e-mail address or empty");
  }
  violations.CheckOptionalName("terms", content.terms, kTermsCharactersMax);
  if (!IsIsoDate(content.due_date)) {
    violations.Add("due_date", "must be a day in the form YYYY-MM-DD");
  }
  if (!IsCurrency(content.currency)) {
    violations.Add("currency", "must be the ISO 4217 code of a currency in use, such as EUR");
  }
  CheckLineItems(content, violations);
  CheckTextBytes(content, violations);
  return violations.Take();
}

std::optional<std::int64_t> TotalOf(const InvoiceContent& content) {
  // Wide enough for kLineItemsMax lines, so that only the sum counts and not the way to it.
  __extension__ __int128 total = 0;
  for (const LineItem& line : content.line_items) total += line.amount;
  if (total < -kMoneyMax || total > kMoneyMax) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

std::string FaultOfNumber(std::string_view number) {
  if (IsUuid(number)) return "must not be a UUID, so that an id is never a number";
  return FaultOfPathId(number, kNumberCharactersMax);
}

bool IsIsoDate(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto number = [text](std::size_t begin, std::size_t end) {
    int value = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (!IsDigit(text[i])) return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int year = number(0, 4);
  const int month = number(5, 7);
  const int day = number(8, 10);
  if (year < 1 || month < 1 || day < 1) return false;
  // A CivilDay carries over what no calendar has: 30 February becomes 1 or 2 March.
  const absl::CivilDay civil(year, month, day);
  return civil.year() == year && civil.month() == month && civil.day() == day;
}

std::string NewEtag() {
  thread_local absl::BitGen random;
  return absl::StrFormat("%016x", absl::Uniform<std::uint64_t>(random));
}

absl::StatusOr<InvoiceStatus> StatusAfter(InvoiceStatus status, InvoiceAction action) {
  const bool draft = status == InvoiceStatus::kDraft;
  const bool sent = status == InvoiceStatus::kSent;
  const absl::string_view name(StatusName(status).data(), StatusName(status).size());
  switch (action) {
    case InvoiceAction::kSend:
      if (draft) return InvoiceStatus::kSent;
      return absl::FailedPreconditionError(
          absl::StrCat("Only a DRAFT can be sent; the invoice is ", name, "."));
    case InvoiceAction::kPay:
      if (sent) return InvoiceStatus::kPaid;
      return absl::FailedPreconditionError(
          absl::StrCat("Only a SENT invoice can be paid; the invoice is ", name, "."));
    case InvoiceAction::kVoid:
      if (draft || sent) return InvoiceStatus::kVoid;
      return absl::FailedPreconditionError(
          absl::StrCat("Only a DRAFT or SENT invoice can be voided; the invoice is ", name, "."));
  }
  return absl::InvalidArgumentError("unknown action");
}

absl::Status MoveOn(Invoice& invoice, InvoiceAction action, absl::Time now,
                    std::string_view actor_id, std::string_view actor_name) {
  const absl::StatusOr<InvoiceStatus> after = StatusAfter(invoice.status, action);
  if (!after.ok()) return after.status();
  const absl::Time before =
      invoice.status_changes.empty() ? invoice.create_time : invoice.status_changes.back().time;
  invoice.status = *after;
  invoice.status_changes.push_back({*after,
                                    absl::FromUnixMicros(absl::ToUnixMicros(std::max(before, now))),
                                    std::string(actor_id), std::string(actor_name)});
  return absl::OkStatus();
}

std::string_view StatusName(InvoiceStatus status) {
  switch (status) {
    case InvoiceStatus::kDraft:
      return "DRAFT";
    case InvoiceStatus::kSent:
      return "SENT";
    case InvoiceStatus::kPaid:
      return "PAID";
    case InvoiceStatus::kVoid:
      return "VOID";
  }
  return "UNKNOWN";
}

}  // namespace marginalia
