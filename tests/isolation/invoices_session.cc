#include "tests/isolation/invoices_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "marginalia/invoices/v1/invoices_service.pb.h"
#include "services/process/stopwatch.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

constexpr int kInvoices = 400;

std::string InvoiceId(int invoice) {
  return absl::StrFormat("%08x-2222-4000-8000-%012x", invoice * 7919 + 1, invoice);
}

std::string InvoiceNumber(int invoice) { return absl::StrFormat("INV-%d", 1000 + invoice); }

std::string TextOf(const InvoiceSummary& summary) {
  const CommentCount comments = summary.comments.value_or(CommentCount{.comment_count = -1});
  return absl::StrCat("{", summary.invoice_id, " ", summary.number, " ", summary.customer_name, " ",
                      summary.total, summary.currency, " ", static_cast<int>(summary.status), " v",
                      summary.version, " ", summary.due_date, " ", comments.comment_count,
                      " comments, last by ", comments.last_author_name, " ",
                      static_cast<int>(comments.state), "}");
}

// Takes an answer to be described later, on the main thread.
template <class T, class Describe>
auto Into(Operation& operation, std::function<void()> answered, Describe describe) {
  return [&operation, answered = std::move(answered), describe](absl::StatusOr<T> answer) {
    operation.describe = [describe, answer = std::move(answer)] { return describe(answer); };
    answered();
  };
}

}  // namespace

InvoicesSession::InvoicesSession(InvoicesWorld& world, const std::string& org_id,
                                 std::uint64_t seed)
    : TenantSession(seed),
      world_(world),
      caller_{.org_id = org_id, .user_id = "dana", .display_name = "Dana", .role = Role::kMember} {}

int InvoicesSession::AnyInvoice() { return Below(kInvoices); }

std::string InvoicesSession::AnyKey() {
  const int invoice = AnyInvoice();
  const int form = Below(12);
  if (form == 0) return "";
  if (form == 1) return "no invoice";
  return form < 6 ? InvoiceNumber(invoice) : InvoiceId(invoice);
}

std::string InvoicesSession::AnyEtag(const std::string& key) {
  const int choice = Below(8);
  const std::uint64_t number = Number();
  const std::string foreign = Foreign(other_ == nullptr ? nullptr : &other_->old_etags_);
  if (choice == 0) return foreign;
  if (choice == 1) return "";
  if (choice == 2 && !old_etags_.empty()) return old_etags_.Any(number);
  const auto found = etags_.find(key);
  return found == etags_.end() ? "an etag" : found->second;
}

FreshnessRequirement InvoicesSession::AnyRequirement() {
  using Kind = FreshnessRequirement::Kind;
  const int choice = Below(8);
  const std::uint64_t number = Number();
  const std::string foreign = Foreign(other_ == nullptr ? nullptr : &other_->consistency_tokens_);
  if (choice == 0) return {.kind = Kind::kFullyConsistent, .token = ""};
  if (choice == 1) return {.kind = Kind::kAtLeastAsFresh, .token = foreign};
  if (choice < 4 && !consistency_tokens_.empty()) {
    return {.kind = Kind::kAtLeastAsFresh, .token = consistency_tokens_.Any(number)};
  }
  return {};
}

InvoiceContent InvoicesSession::AnyContent(int number) {
  const bool wrong = Below(20) == 0;
  return {.number = InvoiceNumber(number),
          .customer = {absl::StrCat("Customer ", Below(3), " of ", caller_.org_id), ""},
          .terms = "Net 30",
          .due_date = wrong ? "tomorrow" : "2026-06-30",
          .currency = "USD",
          .line_items = {{"Design review", "1", Below(3) * 100}, {"Discount", "", -Below(2)}}};
}

TenantSession::Round InvoicesSession::Plan() {
  Round round;
  for (int i = 0; i < kInvoicesOneByOne; ++i) round.one_by_one.push_back(CommentArrives());
  for (int i = 0; i < kInvoicesWrites; ++i) {
    const int choice = Below(3);
    round.writes.push_back(choice == 0 ? Create() : choice == 1 ? Update() : Move());
  }
  for (int i = 0; i < kInvoicesReads; ++i) {
    const int choice = Below(4);
    round.reads.push_back(choice == 0 ? List() : choice == 1 ? GetBatch() : Get());
  }
  return round;
}

// Also on invoices that are not there: their comments may come first.
Operation InvoicesSession::CommentArrives() {
  const std::string invoice_id = InvoiceId(AnyInvoice());
  const std::int64_t count = ++comment_counts_[invoice_id];
  return {.asked = absl::StrCat("comment ", count, " arrives on ", invoice_id),
          .start =
              [this, invoice_id, count](Operation& self, Answered answered) {
                world_.CommentArrives(caller_.org_id, invoice_id, count);
                self.describe = [] { return std::string("it did"); };
                answered();
              },
          .describe = nullptr};
}

Operation InvoicesSession::Create() {
  const int number = AnyInvoice();
  const std::string id = InvoiceId(Below(5) == 0 ? AnyInvoice() : number);
  const InvoiceContent content = AnyContent(number);
  return {.asked = absl::StrCat("CreateInvoice ", id, " ", content.number),
          .start =
              [this, id, content](Operation& self, Answered answered) {
                world_.invoices().Create(
                    caller_, id, content, SteadyTime::Never(),
                    Into<Invoice>(self, std::move(answered),
                                  [this](const auto& invoice) { return Describe(invoice); }));
              },
          .describe = nullptr};
}

Operation InvoicesSession::Update() {
  const int invoice = AnyInvoice();
  const std::string key = Below(2) == 0 ? InvoiceId(invoice) : InvoiceNumber(invoice);
  const std::string etag = AnyEtag(key);
  const InvoiceContent content = AnyContent(invoice);
  return {.asked = absl::StrCat("UpdateInvoice ", key),
          .start =
              [this, key, etag, content](Operation& self, Answered answered) {
                world_.invoices().Update(
                    caller_, key, content, etag, SteadyTime::Never(),
                    Into<Invoice>(self, std::move(answered),
                                  [this](const auto& invoice) { return Describe(invoice); }));
              },
          .describe = nullptr};
}

Operation InvoicesSession::Move() {
  const std::string key = AnyKey();
  const std::string etag = AnyEtag(key);
  const InvoiceAction action = static_cast<InvoiceAction>(Below(3));
  return {.asked = absl::StrCat("move ", static_cast<int>(action), " of ", key),
          .start =
              [this, key, etag, action](Operation& self, Answered answered) {
                world_.invoices().Move(
                    caller_, key, action, etag, SteadyTime::Never(),
                    Into<Invoice>(self, std::move(answered),
                                  [this](const auto& invoice) { return Describe(invoice); }));
              },
          .describe = nullptr};
}

Operation InvoicesSession::Get() {
  const absl::StatusOr<std::string> key = InvoiceKey(AnyKey(), "invoice_id");
  const FreshnessRequirement requirement = AnyRequirement();
  return {
      .asked = absl::StrCat("GetInvoice ", key.value_or("")),
      .start =
          [this, key, requirement](Operation& self, Answered answered) {
            auto done = Into<FreshInvoice>(self, std::move(answered),
                                           [this](const auto& fresh) { return Describe(fresh); });
            if (!key.ok()) return done(key.status());
            world_.reads().Get({caller_, requirement, SteadyTime::Never()}, *key, std::move(done));
          },
      .describe = nullptr};
}

Operation InvoicesSession::GetBatch() {
  std::vector<std::string> keys;
  absl::Status refused;
  for (int i = 0, count = 1 + Below(4); i < count; ++i) {
    const absl::StatusOr<std::string> key = InvoiceKey(AnyKey(), "invoice_ids");
    if (key.ok()) keys.push_back(*key);
    if (refused.ok()) refused = key.status();
  }
  std::string asked = "BatchGetInvoiceSummaries";
  for (const std::string& key : keys) absl::StrAppend(&asked, " ", key);
  const FreshnessRequirement requirement = AnyRequirement();
  return {.asked = std::move(asked),
          .start =
              [this, keys, refused, requirement](Operation& self, Answered answered) {
                auto done = Into<FreshBatch>(self, std::move(answered),
                                             [this](const auto& fresh) { return Describe(fresh); });
                if (!refused.ok()) return done(refused);
                world_.reads().GetBatch({caller_, requirement, SteadyTime::Never()}, keys,
                                        std::move(done));
              },
          .describe = nullptr};
}

Operation InvoicesSession::List() {
  const int page_size = Below(12) - 1;
  const int choice = Below(3);
  const std::uint64_t number = Number();
  const std::string foreign = Foreign(other_ == nullptr ? nullptr : &other_->page_tokens_);
  const std::string own = page_tokens_.empty() ? "" : page_tokens_.Any(number);
  const std::string token = choice == 0 ? "" : choice == 1 ? foreign : own;
  const FreshnessRequirement requirement = AnyRequirement();
  // The tokens are those of the list by number of all.
  SummaryList list;
  if (token.empty()) list.state = static_cast<ThreadState>(Below(3));
  if (token.empty() && Below(2) == 0) list.order = SummaryList::Order::kActivity;
  const int filter = token.empty() ? Below(4) : 0;
  if (filter == 1) list.status = static_cast<InvoiceStatus>(1 + Below(4));
  if (filter == 2) list.overdue = true;
  if (filter == 3) list.words = {"customer", Below(2) == 0 ? "1" : "of"};
  const bool keep = list.state == ThreadState::kUnknown && filter == 0 &&
                    list.order == SummaryList::Order::kNumber;
  return {.asked = absl::StrCat("ListInvoiceSummaries ", page_size, " ", choice, " ",
                                static_cast<int>(list.state), " ", static_cast<int>(list.order),
                                " ", filter),
          .start =
              [=, this](Operation& self, Answered answered) {
                world_.reads().List(
                    {caller_, requirement, SteadyTime::Never()}, list, page_size, token,
                    Into<FreshSummaries>(self, std::move(answered),
                                         [this, keep](absl::StatusOr<FreshSummaries> page) {
                                           if (page.ok() && !keep) page->next_page_token.clear();
                                           return Describe(page);
                                         }));
              },
          .describe = nullptr};
}

std::string InvoicesSession::Describe(const absl::StatusOr<Invoice>& invoice) {
  if (!invoice.ok()) return marginalia::TextOf(invoice.status());
  std::string& etag = etags_[invoice->invoice_id];
  const bool another = etag != invoice->etag;
  if (another) old_etags_.Keep(etag);
  etag = invoice->etag;
  etags_[invoice->content.number] = etag;
  std::string text = absl::StrCat(TextOf(SummaryOf(*invoice, {})), another ? " another" : " same");
  for (const LineItem& line : invoice->content.line_items) absl::StrAppend(&text, " ", line.amount);
  return text;
}

std::string InvoicesSession::Describe(const absl::StatusOr<FreshInvoice>& fresh) {
  if (!fresh.ok()) return marginalia::TextOf(fresh.status());
  const std::string token = Token(fresh->as_of.token);
  if (fresh->invoice == nullptr) return "no such" + token;
  invoices::v1::GetInvoiceResponse response;
  if (!response.ParseFromString(fresh->invoice->encoded)) return "no invoice";
  invoices::v1::Invoice& invoice = *response.mutable_invoice();
  const bool newest = etags_[invoice.invoice_id()] == invoice.etag();
  invoice.clear_etag();
  invoice.clear_create_time();
  for (invoices::v1::StatusChange& change : *invoice.mutable_status_changes()) {
    change.clear_time();
  }
  response.mutable_summary()->clear_last_comment_time();
  return absl::StrCat(response.SerializeAsString(), newest ? " newest" : " old", token);
}

std::string InvoicesSession::Describe(const absl::StatusOr<FreshBatch>& fresh) {
  if (!fresh.ok()) return marginalia::TextOf(fresh.status());
  std::string text;
  for (const std::string& encoded : fresh->summaries) {
    invoices::v1::InvoiceSummary summary;
    if (!summary.ParseFromString(encoded)) return "no summary";
    summary.clear_last_comment_time();
    absl::StrAppend(&text, encoded.empty() ? "no such" : summary.SerializeAsString(), " ");
  }
  return text + Token(fresh->as_of.token);
}

std::string InvoicesSession::Describe(const absl::StatusOr<FreshSummaries>& page) {
  if (!page.ok()) return marginalia::TextOf(page.status());
  std::string text = "summaries:";
  for (const InvoiceSummary& summary : page->summaries) absl::StrAppend(&text, TextOf(summary));
  page_tokens_.Keep(page->next_page_token);
  return absl::StrCat(text, page->next_page_token.empty() ? " no next" : " a next",
                      Token(page->as_of.token));
}

std::string InvoicesSession::Token(const std::string& consistency_token) {
  const auto point = ParseConsistencyToken(consistency_token, caller_.org_id, "token", "TOKEN");
  if (!point.ok()) return " a token of another scope";
  consistency_tokens_.Keep(consistency_token);
  return " a token";
}

}  // namespace marginalia
