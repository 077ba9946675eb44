#include "gateway/pages/invoice_list_page.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "gateway/http/target.h"
#include "gateway/pages/frame/frame.h"
#include "gateway/pages/frame/page_address.h"
#include "gateway/pages/frame/page_response.h"
#include "gateway/pages/views/summary_view.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using invoices::v1::ListInvoiceSummariesRequest;
using invoices::v1::ListInvoiceSummariesResponse;

constexpr int kInvoicesPerPage = 50;
// How often it is asked for more while nothing is found.
constexpr int kLooksMax = 8;
constexpr std::string_view kPath = "/invoices";

std::string Address(const InvoiceListQuery& query, std::string_view activity) {
  return WithQuery(kPath, {{"cursor", query.cursor},
                           {"search", query.search},
                           {"status", query.status},
                           {"overdue", query.overdue},
                           {"threadState", query.thread_state},
                           {"unread", query.unread},
                           {"order", query.order},
                           {"activity", activity}});
}

struct Choice {
  const char* value;
  const char* name;
};
constexpr Choice kStatuses[] = {{"", "All"},      {"overdue", "Overdue"}, {"draft", "Draft"},
                                {"sent", "Sent"}, {"paid", "Paid"},       {"void", "Void"}};
constexpr Choice kStates[] = {
    {"", "All threads"}, {"open", "Open threads"}, {"resolved", "Resolved threads"}};
constexpr const char* kUnread = "Unread";
constexpr Choice kOrders[] = {{"", "By number"}, {"activity", "Newest activity"}};

// Links that change one thing and keep the others, but for the place in a list that is another one
// then. `change` puts a value into the query and returns whether it was there before.
template <std::size_t kCount>
PageData Choices(const Choice (&choices)[kCount], const InvoiceListQuery& asked,
                 std::string_view activity,
                 bool (*change)(InvoiceListQuery& query, const std::string& value)) {
  PageList links;
  for (const Choice& choice : choices) {
    InvoiceListQuery query = asked;
    query.cursor.clear();
    PageData link;
    link["choice_current"] = change(query, choice.value);
    link["choice_name"] = choice.name;
    link["choice_href"] = Address(query, activity);
    links.push_back(std::move(link));
  }
  return PageData(links);
}

bool ChangeStatus(InvoiceListQuery& query, const std::string& value) {
  const bool to_overdue = value == "overdue";
  const bool same =
      to_overdue ? !query.overdue.empty() : query.overdue.empty() && query.status == value;
  query.overdue = to_overdue ? "true" : "";
  query.status = to_overdue ? "" : value;
  // What is overdue has an order of its own.
  if (to_overdue) query.order.clear();
  return same;
}

bool ChangeState(InvoiceListQuery& query, const std::string& value) {
  return std::exchange(query.thread_state, value) == value;
}

bool ChangeOrder(InvoiceListQuery& query, const std::string& value) {
  const std::string before = std::exchange(query.order, value);
  return before == value || (before == "number" && value.empty());
}

bool HasOwnOrder(const InvoiceListQuery& query) {
  return !query.search.empty() || !query.overdue.empty();
}

// One link: it leads to what is unread, the newest first, or from there back to all.
PageData UnreadChoice(const InvoiceListQuery& asked, std::string_view activity) {
  InvoiceListQuery query = asked;
  query.cursor.clear();
  query.unread = asked.unread.empty() ? "true" : "";
  if (!query.unread.empty() && !HasOwnOrder(query)) query.order = "activity";
  PageData link;
  link["choice_current"] = !asked.unread.empty();
  link["choice_name"] = kUnread;
  link["choice_href"] = Address(query, activity);
  return link;
}

// What is chosen and not so by itself, in words.
std::string ChosenWords(const InvoiceListQuery& query) {
  std::vector<const char*> words;
  const std::string status = query.overdue.empty() ? query.status : "overdue";
  const auto add = [&words](const auto& choices, std::string_view value) {
    for (const Choice& choice : choices) {
      if (!value.empty() && choice.value == value) words.push_back(choice.name);
    }
  };
  add(kStatuses, status);
  add(kStates, query.thread_state);
  if (!query.unread.empty()) words.push_back(kUnread);
  if (!HasOwnOrder(query)) add(kOrders, query.order);
  return absl::StrJoin(words, ", ");
}

std::string_view OrderWords(const InvoiceListQuery& query) {
  if (!query.search.empty()) return "by the word that was found";
  if (!query.overdue.empty()) return "the longest overdue first";
  return query.order == "activity" ? "by newest activity" : "by number";
}

// What a person sees in the place of an empty list.
std::string EmptyWords(const InvoiceListQuery& query, bool goes_on) {
  if (goes_on) return "None of those that were looked through. There are more to look through.";
  const bool all = query.search.empty() && query.status.empty() && query.overdue.empty() &&
                   query.thread_state.empty() && query.unread.empty();
  if (all) return "There are no invoices here.";
  return query.unread.empty() ? "No invoice was found." : "Nothing is unread here.";
}

}  // namespace

void InvoiceListPage::ShowFromRoot(ApiCall call) { call.Answer(SeeOther(kPath)); }

void InvoiceListPage::Show(ApiCall call) {
  auto asked = std::make_unique<Asked>();
  const absl::Status read = ReadInvoiceListQuery(call.query(), asked->query, asked->request);
  if (!read.ok()) return call.Fail(read);
  const auto wanted = WantedActivity(call.query());
  if (!wanted.ok()) return call.Fail(wanted.status());
  asked->wanted_activity = *wanted;
  asked->request.set_page_size(kInvoicesPerPage);
  // What is unread has been looked for in many pages already.
  const int looks = asked->query.unread.empty() ? kLooksMax : 1;
  Look(std::move(call), std::move(asked), looks);
}

void InvoiceListPage::Look(ApiCall call, std::unique_ptr<Asked> asked, int looks) {
  const ListInvoiceSummariesRequest request = asked->request;
  const Shown shown = asked->query.unread.empty() ? Shown::kAll : Shown::kUnread;
  ListInvoices(
      upstream_, std::move(call), request, shown,
      [this, looks, asked = std::move(asked)](ApiCall call, const absl::Status& status,
                                              const ListInvoiceSummariesResponse& found,
                                              const ReadStatesOfInvoices& read_states) mutable {
        const auto faults = FieldViolationsOf(status);
        if (!faults.empty() && faults[0].field == "search") {
          asked->search_fault = "What is searched for " + faults[0].description + ".";
        } else if (!status.ok()) {
          return call.Fail(status);
        }
        if (found.summaries().empty() && !found.next_page_token().empty() && looks > 1) {
          asked->request.set_page_token(found.next_page_token());
          return Look(std::move(call), std::move(asked), looks - 1);
        }
        const std::string_view wanted = asked->wanted_activity;
        LoadActivity(
            upstream_, std::move(call), wanted,
            [this, found, read_states, asked = std::move(asked)](ApiCall call, Activity activity) {
              Render(std::move(call), *asked, found, read_states, activity);
            });
      });
}

void InvoiceListPage::Render(ApiCall call, const Asked& asked,
                             const ListInvoiceSummariesResponse& found,
                             const ReadStatesOfInvoices& read_states, const Activity& activity) {
  const absl::Time now = absl::Now();
  const InvoiceListQuery& query = asked.query;
  PageData page = FrameData(call.facts(), "Invoices");
  page["is_list"] = true;
  page["has_invoices"] = !found.summaries().empty();
  PageList rows;
  rows.reserve(static_cast<std::size_t>(found.summaries_size()));
  for (const auto& summary : found.summaries()) {
    const auto state = read_states.find(summary.invoice_id());
    rows.push_back(SummaryRow(summary, state == read_states.end() ? nullptr : &state->second, now));
  }
  page["invoices"] = PageData(rows);
  page["rows_cursor"] = asked.request.page_token();
  const std::string& more = found.next_page_token();
  page["empty_words"] =
      asked.search_fault.empty() ? EmptyWords(query, !more.empty()) : asked.search_fault;
  page["order_words"] = std::string(OrderWords(query));
  if (CountsAreOld(found.freshness())) page["count_age"] = CountAge(found.freshness(), now);
  const auto href = [&query](std::string_view cursor, std::string_view activity_open) {
    InvoiceListQuery other = query;
    other.cursor = cursor;
    return Address(other, activity_open);
  };
  const std::string_view kept = activity.shows;
  page["search"] = query.search;
  PageList kept_fields;
  for (const auto& [name, value] : {std::pair<const char*, std::string>("status", query.status),
                                    {"overdue", query.overdue},
                                    {"threadState", query.thread_state},
                                    {"unread", query.unread},
                                    {"activity", std::string(kept)}}) {
    if (value.empty()) continue;
    PageData field;
    field["field_name"] = name;
    field["field_value"] = value;
    kept_fields.push_back(std::move(field));
  }
  page["kept_fields"] = PageData(kept_fields);
  page["statuses"] = Choices(kStatuses, query, kept, ChangeStatus);
  page["states"] = Choices(kStates, query, kept, ChangeState);
  page["unread_choice"] = UnreadChoice(query, kept);
  if (std::string words = ChosenWords(query); !words.empty()) page["chosen"] = std::move(words);
  page["has_order"] = !HasOwnOrder(query);
  page["orders"] = Choices(kOrders, query, kept, ChangeOrder);
  if (!query.cursor.empty()) page["first_href"] = href("", kept);
  if (!more.empty()) page["more_href"] = href(more, kept);
  AddActivity(
      page, activity, [&](std::string_view shows) { return href(query.cursor, shows); }, now);
  call.Answer(PageResponse(200, page_.Render(page)));
}

}  // namespace marginalia
