#include "invoice-service/invoice.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "invoice-service/currency.h"

namespace marginalia {
namespace {

InvoiceContent Valid() {
  return {"INV-1042", {"Acme Corp", "billing@acme.example"},
          "Net 30",   "2026-06-30",
          "USD",      {{"Design review", "2 rounds", 480000}, {"Discount", "", -80000}}};
}

struct BadContent {
  const char* what;
  std::function<void(InvoiceContent&)> spoil;
  const char* field;
};

TEST(InvoiceTest, ValidContentBreaksNoRule) { EXPECT_TRUE(CheckContent(Valid()).empty()); }

TEST(InvoiceTest, EachBrokenRuleNamesItsField) {
  const std::vector<BadContent> table = {
      {"no number", [](auto& c) { c.number = ""; }, "number"},
      {"long number", [](auto& c) { c.number = std::string(41, '1'); }, "number"},
      {"space in the number", [](auto& c) { c.number = "INV 1"; }, "number"},
      {"a UUID for a number", [](auto& c) { c.number = "018F4E2A-9C3B-7D10-8A55-0242AC120002"; },
       "number"},
      {"a dot segment", [](auto& c) { c.number = "2026/.."; }, "number"},
      {"a number that ends in a slash", [](auto& c) { c.number = "2026/"; }, "number"},
      {"no customer", [](auto& c) { c.customer.name = ""; }, "customer.name"},
      {"blank customer", [](auto& c) { c.customer.name = "   "; }, "customer.name"},
      {"long customer", [](auto& c) { c.customer.name = std::string(201, 'x'); }, "customer.name"},
      {"NUL", [](auto& c) { c.customer.name = std::string("A\0B", 3); }, "customer.name"},
      {"line break", [](auto& c) { c.customer.name = "A\r\nB"; }, "customer.name"},
      {"a customer of no-break spaces", [](auto& c) { c.customer.name = "\u00A0"; },
       "customer.name"},
      {"a customer that nobody sees", [](auto& c) { c.customer.name = "\u3164"; }, "customer.name"},
      {"a line separator", [](auto& c) { c.customer.name = "A\u2028B"; }, "customer.name"},
      {"invisible terms", [](auto& c) { c.terms = "\u200B"; }, "terms"},
      {"a currency of nobody's", [](auto& c) { c.currency = "ZZZ"; }, "currency"},
      {"an invisible line", [](auto& c) { c.line_items[1].description = "\u2800"; },
       "line_items[1].description"},
      {"no e-mail", [](auto& c) { c.customer.email = "acme"; }, "customer.email"},
      {"long e-mail", [](auto& c) { c.customer.email = std::string(250, 'x') + "@a.eu"; },
       "customer.email"},
      {"long terms", [](auto& c) { c.terms = std::string(101, 'x'); }, "terms"},
      {"no due date", [](auto& c) { c.due_date = ""; }, "due_date"},
      {"no such day", [](auto& c) { c.due_date = "2026-02-29"; }, "due_date"},
      {"lower case currency", [](auto& c) { c.currency = "usd"; }, "currency"},
      {"long currency", [](auto& c) { c.currency = "EURO"; }, "currency"},
      {"no lines", [](auto& c) { c.line_items.clear(); }, "line_items"},
      {"too many lines",
       [](auto& c) {
         c.line_items.resize(201, {"x", "", 1});
       },
       "line_items"},
      {"line without description", [](auto& c) { c.line_items[1].description = ""; },
       "line_items[1].description"},
      {"long quantity", [](auto& c) { c.line_items[0].quantity = std::string(51, 'x'); },
       "line_items[0].quantity"},
      {"too large a total",
       [](auto& c) {
         c.line_items = {{"a", "", kMoneyMax}, {"b", "", 1}};
       },
       "line_items"},
      {"too small a total",
       [](auto& c) {
         c.line_items = {{"a", "", -kMoneyMax}, {"b", "", -1}};
       },
       "line_items"},
      {"an amount that only 64 bits hold",
       [](auto& c) {
         c.line_items = {{"a", "", std::numeric_limits<std::int64_t>::min()}};
       },
       "line_items[0].amount"},
  };
  for (const BadContent& bad : table) {
    InvoiceContent content = Valid();
    bad.spoil(content);
    const auto violations = CheckContent(content);
    ASSERT_EQ(violations.size(), 1u) << bad.what;
    EXPECT_EQ(violations[0].field, bad.field) << bad.what;
    EXPECT_FALSE(violations[0].description.empty());
  }
}

TEST(InvoiceTest, EveryBrokenRuleIsReportedAtOnce) {
  InvoiceContent content = Valid();
  content.number = "";
  content.currency = "";
  content.line_items[0].description = "";
  EXPECT_EQ(CheckContent(content).size(), 3u);
}

TEST(InvoiceTest, LengthsAreCountedInCharactersAndNotInBytes) {
  InvoiceContent content = Valid();
  content.customer.name.clear();
  for (int i = 0; i < 200; ++i) content.customer.name += "名";
  EXPECT_TRUE(CheckContent(content).empty());
  content.customer.name += "名";
  EXPECT_EQ(CheckContent(content).size(), 1u);
}

TEST(InvoiceTest, AllTextsTogetherAreBoundedInBytes) {
  InvoiceContent content = Valid();
  content.line_items.assign(200, {"Implementation of the new thing, as agreed in May", "40h", 1});
  EXPECT_TRUE(CheckContent(content).empty());

  // Together with the number 8 + 8 + 14 + 6 + 131 * 500 bytes, which is 64 KiB.
  content.customer = {"名名ab", "b@acme.example"};
  content.terms = "Net 30";
  content.line_items.assign(131, {std::string(499, 'x'), "1", 1});
  EXPECT_TRUE(CheckContent(content).empty());
  content.customer.name += "c";
  const auto violations = CheckContent(content);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "line_items");
  EXPECT_EQ(violations[0].description,
            "must, with the invoice's other texts, be at most 65536 bytes of UTF-8");
}

// What a JavaScript number holds exactly, and so every reader of the JSON.
TEST(InvoiceTest, AmountsAndTotalsBeyondWhatJsonCarriesExactlyAreRefusedByName) {
  constexpr std::int64_t kMost = 9'007'199'254'740'991;
  const auto fields = [](std::vector<std::int64_t> amounts) {
    InvoiceContent content = Valid();
    content.line_items.clear();
    for (const std::int64_t amount : amounts) content.line_items.push_back({"a", "", amount});
    std::vector<std::string> named;
    for (const InvoiceViolation& violation : CheckContent(content))
      named.push_back(violation.field);
    return named;
  };
  using Fields = std::vector<std::string>;
  EXPECT_EQ(fields({kMost}), Fields());
  EXPECT_EQ(fields({-kMost}), Fields());
  EXPECT_EQ(fields({kMost, 5, -5}), Fields());
  EXPECT_EQ(fields({1, kMost + 1, -kMost}), Fields{"line_items[1].amount"});
  EXPECT_EQ(fields({-kMost - 1, 1}), Fields{"line_items[0].amount"});
  EXPECT_EQ(fields({kMost, 1}), Fields{"line_items"});
  EXPECT_EQ(fields({-kMost, -1}), Fields{"line_items"});
}

TEST(InvoiceTest, ATotalThatFitsIsRightEvenWhenASubtotalDoesNot) {
  InvoiceContent content = Valid();
  const std::int64_t most = kMoneyMax;
  content.line_items = {{"a", "", most}, {"b", "", 5}, {"c", "", -5}};
  EXPECT_EQ(TotalOf(content), most);
  EXPECT_EQ(TotalOf(Valid()), 400000);
}

TEST(InvoiceTest, DatesAreDaysOfTheCalendarInIsoForm) {
  for (const char* date : {"2026-06-30", "2024-02-29", "0001-01-01", "9999-12-31"}) {
    EXPECT_TRUE(IsIsoDate(date)) << date;
  }
  for (const char* date : {"2026-6-30", "2026-06-31", "2023-02-29", "2026-13-01", "2026-00-10",
                           "2026-01-00", "26-01-01", "2026/01/01", "2026-01-01T00:00:00Z",
                           "0000-01-01", "+026-01-01", " 2026-01-1"}) {
    EXPECT_FALSE(IsIsoDate(date)) << date;
  }
}

TEST(InvoiceTest, NumbersAndIdsAreNeverMistakenForEachOther) {
  EXPECT_EQ(FaultOfNumber("INV-1042"), "");
  EXPECT_EQ(FaultOfNumber("2026/06_7.b"), "");
  for (const char* uuid :
       {"018f4e2a-9c3b-7d10-8a55-0242ac120002", "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_EQ(FaultOfNumber(uuid), "must not be a UUID, so that an id is never a number");
  }
}

TEST(InvoiceTest, CurrenciesAreThoseOfIso4217) {
  for (const char* code : {"EUR", "USD", "JPY", "KWD", "AED", "ZWG", "XCG", "CHW"}) {
    EXPECT_TRUE(IsCurrency(code)) << code;
  }
  // Among them what two neighbours of the list would spell.
  for (const char* code :
       {"ZZZ", "BTC", "XTS", "eur", "EU", "EURO", "", "D A", " AF", "DAF", "AED AFN"}) {
    EXPECT_FALSE(IsCurrency(code)) << code;
  }
}

TEST(InvoiceTest, ATimeOfChangeIsNeverBeforeTheOneBefore) {
  Invoice invoice;
  invoice.create_time = absl::FromUnixSeconds(1000);
  ASSERT_TRUE(MoveOn(invoice, InvoiceAction::kSend, absl::FromUnixSeconds(10), "dana", "").ok());
  EXPECT_EQ(invoice.status_changes.back().time, invoice.create_time);
  ASSERT_TRUE(MoveOn(invoice, InvoiceAction::kPay, absl::FromUnixSeconds(2000), "dana", "").ok());
  EXPECT_EQ(invoice.status_changes.back().time, absl::FromUnixSeconds(2000));
  EXPECT_FALSE(MoveOn(invoice, InvoiceAction::kVoid, absl::Now(), "dana", "").ok());
  EXPECT_EQ(invoice.status_changes.size(), 2u);
}

TEST(InvoiceTest, TheLifeOfAnInvoiceHasNoOtherWays) {
  using Status = InvoiceStatus;
  using Action = InvoiceAction;
  struct Step {
    Status from;
    Action action;
    std::optional<Status> to;
  };
  const std::vector<Step> table = {
      {Status::kDraft, Action::kSend, Status::kSent}, {Status::kDraft, Action::kPay, std::nullopt},
      {Status::kDraft, Action::kVoid, Status::kVoid}, {Status::kSent, Action::kSend, std::nullopt},
      {Status::kSent, Action::kPay, Status::kPaid},   {Status::kSent, Action::kVoid, Status::kVoid},
      {Status::kPaid, Action::kSend, std::nullopt},   {Status::kPaid, Action::kPay, std::nullopt},
      {Status::kPaid, Action::kVoid, std::nullopt},   {Status::kVoid, Action::kSend, std::nullopt},
      {Status::kVoid, Action::kPay, std::nullopt},    {Status::kVoid, Action::kVoid, std::nullopt},
  };
  for (const Step& step : table) {
    const auto after = StatusAfter(step.from, step.action);
    ASSERT_EQ(after.ok(), step.to.has_value()) << StatusName(step.from);
    if (after.ok()) {
      EXPECT_EQ(*after, *step.to);
    } else {
      EXPECT_TRUE(absl::IsFailedPrecondition(after.status()));
    }
  }
}

}  // namespace
}  // namespace marginalia
