#include "invoice-service/invoice_reads.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "invoice-service/invoice.h"
#include "invoice-service/invoice_messages.h"
#include "invoice-service/invoice_words.h"
#include "services/errors/errors.h"
#include "services/text/shown_name.h"
#include "services/text/uuid.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

constexpr std::string_view kListBinding = "ListInvoiceSummaries";
constexpr absl::Duration kThreadsUnknownRetryAfter = absl::Seconds(1);

bool GoesByThreads(const SummaryList& list) {
  return list.state != ThreadState::kUnknown || list.order == SummaryList::Order::kActivity;
}

absl::Status ThreadsUnknown() {
  return Refusal(absl::StatusCode::kUnavailable, "PROJECTION_LAGGING",
                 "nobody knows the state of the threads yet: try again, or list by number", {},
                 kThreadsUnknownRetryAfter);
}

// What a token of the list is bound to beside its tenant.
std::string NameOf(const SummaryList& list) {
  return absl::StrCat(static_cast<int>(list.order), " ", static_cast<int>(list.state), " ",
                      list.status ? static_cast<int>(*list.status) : 0, " ", list.overdue, " ",
                      absl::StrJoin(list.words, " "));
}

// Two texts stand with a line's end between them, which is in neither.
std::string TokenBehind(const SummaryList& place, const std::string& org_id) {
  std::string text = place.number;
  if (!place.words.empty()) {
    text = absl::StrCat(place.word, "\n", place.number);
  } else if (place.overdue) {
    text = absl::StrCat(place.due_date, "\n", place.invoice_id);
  } else if (place.order == SummaryList::Order::kActivity) {
    text = absl::StrCat(place.activity_time, " ", place.invoice_id);
  }
  return MakePageToken(text, {kListBinding, org_id, NameOf(place)});
}

// Looser than the rule for new numbers: a page may end at one of before it.
bool IsNumber(std::string_view text) { return FaultOfName(text, kNumberCharactersMax).empty(); }

// Whether the text is a place of the list, which is set then.
bool ReadPlace(const std::string& text, SummaryList& list) {
  const std::size_t line = text.find('\n');
  const std::string first = text.substr(0, line);
  const std::string second = line == text.npos ? std::string() : text.substr(line + 1);
  if (!list.words.empty()) {
    list.word = first;
    list.number = second;
    return FaultOfName(first, 2 * kWordCharactersMax).empty() && IsNumber(second);
  }
  if (list.overdue) {
    list.due_date = first;
    list.invoice_id = second;
    return IsIsoDate(first) && IsUuid(second);
  }
  if (list.order == SummaryList::Order::kNumber) {
    list.number = text;
    return IsNumber(text);
  }
  const std::size_t space = text.find(' ');
  if (space == text.npos) return false;
  list.invoice_id = text.substr(space + 1);
  return absl::SimpleAtoi(text.substr(0, space), &list.activity_time) && IsUuid(list.invoice_id);
}

// A token without a key is sealed with no secret: anybody can put any bytes into it.
absl::Status PlaceBehind(const std::string& token, const std::string& org_id, SummaryList& list) {
  const absl::StatusOr<std::string> place =
      ParsePageToken(token, {kListBinding, org_id, NameOf(list)});
  if (!place.ok()) return place.status();
  if (ReadPlace(*place, list)) return absl::OkStatus();
  return InvalidField("page_token", "is not one of this listing", "PAGE_TOKEN_INVALID");
}

}  // namespace

void InvoiceReads::Get(ReadContext context, std::string key, GetDone done) {
  if (context.requirement.kind == FreshnessRequirement::Kind::kMinimizeLatency) {
    return GetNow(context, key, std::move(done));
  }
  freshness_.Await(context.caller, context.requirement, context.trace, context.deadline,
                   [this, context, key = std::move(key),
                    done = std::move(done)](const absl::Status& fresh) mutable {
                     if (!fresh.ok()) return done(fresh);
                     GetNow(context, key, std::move(done));
                   });
}

// Counts that nobody knows are told of to nobody, whatever is stored, and kept by no cache.
void InvoiceReads::GetNow(const ReadContext& context, const std::string& key, GetDone done) {
  const std::string& org_id = context.caller.org_id;
  FreshInvoice fresh;
  // Asked before the read: what is read then is as fresh as this or fresher.
  fresh.as_of = freshness_.Now(context.caller);
  const std::uint64_t generation = cache_.generation();
  if (fresh.as_of.known()) fresh.invoice = cache_.Find(org_id, key);
  if (fresh.invoice != nullptr) return done(std::move(fresh));
  invoices_.Read(context.caller, key, context.deadline,
                 [this, org_id, generation, fresh = std::move(fresh), done = std::move(done)](
                     absl::StatusOr<std::optional<CountedInvoice>> found) mutable {
                   if (!found.ok()) return done(found.status());
                   if (!found->has_value()) return done(std::move(fresh));
                   const bool known = fresh.as_of.known();
                   if (!known) (*found)->comments.reset();
                   fresh.invoice = Encode(**found);
                   if (known) cache_.Insert(org_id, fresh.invoice, generation);
                   done(std::move(fresh));
                 });
}

void InvoiceReads::GetBatch(ReadContext context, std::vector<std::string> keys, BatchDone done) {
  freshness_.Await(context.caller, context.requirement, context.trace, context.deadline,
                   [this, context, keys = std::move(keys),
                    done = std::move(done)](const absl::Status& fresh) mutable {
                     if (!fresh.ok()) return done(fresh);
                     GetBatchNow(context, keys, std::move(done));
                   });
}

void InvoiceReads::GetBatchNow(const ReadContext& context, const std::vector<std::string>& keys,
                               BatchDone done) {
  FreshBatch fresh;
  // Asked before the read, as above.
  fresh.as_of = freshness_.Now(context.caller);
  const bool known = fresh.as_of.known();
  std::vector<std::string> missing;
  fresh.summaries.reserve(keys.size());
  for (const std::string& key : keys) {
    const auto cached = known ? cache_.Find(context.caller.org_id, key) : nullptr;
    if (cached == nullptr) missing.push_back(key);
    fresh.summaries.emplace_back(cached == nullptr ? std::string_view() : cached->summary());
  }
  if (missing.empty()) return done(std::move(fresh));
  invoices_.ReadSummaries(
      context.caller, std::move(missing), context.deadline,
      [fresh = std::move(fresh), done = std::move(done)](
          absl::StatusOr<std::vector<std::optional<InvoiceSummary>>> found) mutable {
        if (!found.ok()) return done(found.status());
        auto next = found->begin();
        for (std::string& summary : fresh.summaries) {
          if (!summary.empty()) continue;
          std::optional<InvoiceSummary>& stored = *next++;
          if (!stored.has_value()) continue;
          if (!fresh.as_of.known()) stored->comments.reset();
          summary = Encode(*stored);
        }
        done(std::move(fresh));
      });
}

void InvoiceReads::List(ReadContext context, SummaryList list, int page_size,
                        const std::string& page_token, ListDone done) {
  const absl::StatusOr<int> limit = PageSize(page_size);
  if (!limit.ok()) return done(limit.status());
  if (!page_token.empty()) {
    const absl::Status placed = PlaceBehind(page_token, context.caller.org_id, list);
    if (!placed.ok()) return done(placed);
  }
  freshness_.Await(context.caller, context.requirement, context.trace, context.deadline,
                   [this, context, list = std::move(list), limit = *limit,
                    done = std::move(done)](const absl::Status& fresh) mutable {
                     if (!fresh.ok()) return done(fresh);
                     ListNow(context, std::move(list), limit, std::move(done));
                   });
}

void InvoiceReads::ListNow(const ReadContext& context, SummaryList list, int limit, ListDone done) {
  // Asked before the read, as above.
  AsOf as_of = freshness_.Now(context.caller);
  if (!as_of.known() && GoesByThreads(list)) return done(ThreadsUnknown());
  invoices_.List(context.caller, std::move(list), limit, context.deadline,
                 [org_id = context.caller.org_id, as_of = std::move(as_of),
                  done = std::move(done)](absl::StatusOr<SummaryPage> found) mutable {
                   if (!found.ok()) return done(found.status());
                   if (!as_of.known()) {
                     for (InvoiceSummary& summary : found->summaries) summary.comments.reset();
                   }
                   FreshSummaries page{std::move(found->summaries), "", std::move(as_of)};
                   if (found->rest) page.next_page_token = TokenBehind(*found->rest, org_id);
                   done(std::move(page));
                 });
}

}  // namespace marginalia
