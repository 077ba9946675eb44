// What lists of invoices hold, and that a call of any of them looks at a bounded number of
// invoices.
#include "invoice-service/invoice_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "invoice-service/invoice_store.h"
#include "invoice-service/invoice_words.h"
#include "invoice-service/schema.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/text/uuid.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kOrg[] = "northlight";

class InvoiceListTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  InvoiceListTest()
      : database_(*Database::Open(NewDatabaseUrl(GetParam()), InvoiceMigrations())),
        writes_(*database_, {}, [](std::string_view) { std::abort(); }) {}

  void Write(const std::string& org, std::function<void(Connection&)> write) {
    const absl::Status written =
        writes_.SubmitAndWait(SteadyTime::Never(), Tenants::One(org), [&](Connection& connection) {
          write(connection);
          return absl::OkStatus();
        });
    EXPECT_TRUE(written.ok()) << written;
  }

  static Invoice Made(const std::string& number, const std::string& customer,
                      InvoiceStatus status = InvoiceStatus::kSent,
                      const std::string& due = "2026-06-30") {
    Invoice invoice;
    invoice.invoice_id = NewUuid(absl::FromUnixSeconds(1'750'000'000));
    invoice.content = {number, {customer, "a@acme.example"}, "", due, "USD", {}};
    invoice.status = status;
    invoice.etag = "1";
    invoice.create_time = absl::FromUnixSeconds(1'750'000'000);
    return invoice;
  }
  void Add(const Invoice& invoice, const std::string& org = kOrg) {
    Write(org, [&](Connection& connection) {
      EXPECT_TRUE(InvoiceStore::Insert(connection, org, invoice, "seal"));
    });
  }
  void Resolve(const std::string& number) {
    Write(kOrg, [&](Connection& connection) {
      connection.sql() << "UPDATE invoices SET thread_state = 2 WHERE org_id = 'northlight' AND "
                          "number = '"
                       << number << "'";
    });
  }

  SummaryPage Page(const SummaryList& list, int limit, const std::string& org = kOrg) {
    SummaryPage page;
    const absl::Status read = database_->Read(Tenants::One(org), [&](Connection& connection) {
      page = ListSummaries(connection, org, list, limit);
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
    return page;
  }
  // All of the list, page by page; counts the calls.
  std::vector<std::string> Numbers(SummaryList list, int limit = 2, const std::string& org = kOrg) {
    list.today = "2026-07-01";
    std::vector<std::string> numbers;
    calls_ = 0;
    for (std::optional<SummaryList> rest = list; rest; ++calls_) {
      SummaryPage page = Page(*rest, limit, org);
      for (const InvoiceSummary& summary : page.summaries) numbers.push_back(summary.number);
      rest = std::move(page.rest);
    }
    return numbers;
  }
  static SummaryList Search(const std::string& text) {
    SummaryList list;
    list.words = *WordsOfSearch(text);
    return list;
  }
  static SummaryList Overdue() {
    SummaryList list;
    list.overdue = true;
    return list;
  }
  static SummaryList Of(InvoiceStatus status) {
    SummaryList list;
    list.status = status;
    return list;
  }

  std::unique_ptr<Database> database_;
  GroupCommit writes_;
  int calls_ = 0;
};

INSTANTIATE_ON_EVERY_DATABASE(InvoiceListTest);

TEST_P(InvoiceListTest, SearchFindsByHowWordsOfNumberAndCustomerBegin) {
  Add(Made("INV-1042", "Acme Corp"));
  Add(Made("INV-1043", "\u00dcber ACME"));
  Add(Made("INV-2042", "Globex"));
  Add(Made("INV-1042", "Acme Rivals"), "rivalworks");
  EXPECT_THAT(Numbers(Search("acme")), ElementsAre("INV-1042", "INV-1043"));
  EXPECT_THAT(Numbers(Search("inv-104")), ElementsAre("INV-1042", "INV-1043"));
  EXPECT_THAT(Numbers(Search("10 ACM corp")), ElementsAre("INV-1042"));
  EXPECT_THAT(Numbers(Search("\u00fcbe")), ElementsAre("INV-1043"));
  EXPECT_THAT(Numbers(Search("cme")), IsEmpty());
  EXPECT_THAT(Numbers(Search("acme globex")), IsEmpty());
  EXPECT_THAT(Numbers(Search("rivals")), IsEmpty());
  EXPECT_THAT(Numbers(Search("rivals"), 2, "rivalworks"), ElementsAre("INV-1042"));
}

TEST_P(InvoiceListTest, WhatTwoWordsFindIsThereOnce) {
  Add(Made("A-1", "Acme Active Action"));
  Add(Made("A-2", "Acorn"));
  for (int limit = 1; limit <= 3; ++limit) {
    EXPECT_THAT(Numbers(Search("ac"), limit), ElementsAre("A-1", "A-2"));
  }
}

TEST_P(InvoiceListTest, AnEditedCustomerIsFoundByTheNewNameOnly) {
  Invoice invoice = Made("INV-1", "Acme", InvoiceStatus::kDraft);
  Add(invoice);
  invoice.content.customer.name = "Globex";
  Write(kOrg, [&](Connection& connection) {
    EXPECT_TRUE(InvoiceStore::Replace(connection, kOrg, invoice, "1"));
  });
  EXPECT_THAT(Numbers(Search("acme")), IsEmpty());
  EXPECT_THAT(Numbers(Search("globex")), ElementsAre("INV-1"));
}

TEST_P(InvoiceListTest, StatusOverdueAndThreadStateAreLookedForTogether) {
  Add(Made("INV-1", "Acme", InvoiceStatus::kSent, "2026-06-30"));
  Add(Made("INV-2", "Acme", InvoiceStatus::kSent, "2026-01-31"));
  Add(Made("INV-3", "Acme", InvoiceStatus::kSent, "2026-07-01"));
  Add(Made("INV-4", "Acme", InvoiceStatus::kPaid, "2026-01-01"));
  Add(Made("INV-5", "Globex", InvoiceStatus::kSent, "2026-06-30"));
  Resolve("INV-2");
  EXPECT_THAT(Numbers(Of(InvoiceStatus::kPaid)), ElementsAre("INV-4"));
  EXPECT_THAT(Numbers(Of(InvoiceStatus::kVoid)), IsEmpty());
  EXPECT_THAT(Numbers(Of(InvoiceStatus::kSent), 1),
              ElementsAre("INV-1", "INV-2", "INV-3", "INV-5"));
  const std::vector<std::string> overdue = Numbers(Overdue(), 1);
  ASSERT_EQ(overdue.size(), 3U);
  // The longest overdue first.
  EXPECT_EQ(overdue[0], "INV-2");
  SummaryList list = Overdue();
  list.state = ThreadState::kResolved;
  EXPECT_THAT(Numbers(list, 1), ElementsAre("INV-2"));
  list = Of(InvoiceStatus::kSent);
  list.state = ThreadState::kOpen;
  EXPECT_THAT(Numbers(list, 1), ElementsAre("INV-1", "INV-3", "INV-5"));
  list = Search("acme");
  list.overdue = true;
  EXPECT_THAT(Numbers(list, 1), ElementsAre("INV-1", "INV-2"));
  list.status = InvoiceStatus::kSent;
  list.state = ThreadState::kOpen;
  EXPECT_THAT(Numbers(list, 1), ElementsAre("INV-1"));
  list = Of(InvoiceStatus::kPaid);
  list.order = SummaryList::Order::kActivity;
  EXPECT_THAT(Numbers(list, 1), ElementsAre("INV-4"));
}

TEST_P(InvoiceListTest, InvoicesOfBeforeAreFoundAsWell) {
  const std::string url = NewDatabaseUrl(GetParam());
  // Those of before words were kept.
  Migrations before = InvoiceMigrations();
  while (before.back().number > 5) before.pop_back();
  {
    const auto database = *Database::Open(url, before);
    GroupCommit writes(*database, {}, [](std::string_view) { std::abort(); });
    EXPECT_TRUE(writes
                    .SubmitAndWait(
                        SteadyTime::Never(), Tenants::One(kOrg),
                        [](Connection& connection) {
                          connection.sql()
                              << "INSERT INTO invoices (org_id, invoice_id, number, customer_name, "
                                 "customer_email, terms, due_date, currency, total, status, "
                                 "version, etag, create_time, create_seal) VALUES ('northlight', "
                                 "'018f4e2a-9c3b-7d10-8a55-0242ac120002', 'INV-1042', "
                                 "'Acme & Sons (Acme)', '', '', '2026-06-30', 'USD', 0, 2, 1, '1', "
                                 "1, '')";
                          return absl::OkStatus();
                        })
                    .ok());
  }
  auto after = *Database::Open(url, InvoiceMigrations());
  database_.swap(after);
  EXPECT_THAT(Numbers(Search("inv-104 acm")), ElementsAre("INV-1042"));
  EXPECT_THAT(Numbers(Search("sons")), ElementsAre("INV-1042"));
  database_.swap(after);
}

TEST_P(InvoiceListTest, ACallLooksAtABoundedNumberAndGoesOnBehindIt) {
  Write(kOrg, [&](Connection& connection) {
    for (int i = 0; i < 2 * kListScanMax + 100; ++i) {
      const bool last = i == 2 * kListScanMax + 50;
      InvoiceStore::Insert(connection, kOrg,
                           Made(absl::StrCat("INV-", 10'000 + i), last ? "Acme Rare" : "Acme",
                                last ? InvoiceStatus::kPaid : InvoiceStatus::kSent),
                           "seal");
    }
  });
  SummaryList list = Search("acme rar");
  EXPECT_THAT(Numbers(list), ElementsAre("INV-11050"));
  EXPECT_EQ(calls_, 3);
  list = Search("acme");
  list.status = InvoiceStatus::kPaid;
  EXPECT_THAT(Numbers(list), ElementsAre("INV-11050"));
  EXPECT_EQ(calls_, 3);
  // An index leads to these alone.
  EXPECT_THAT(Numbers(Of(InvoiceStatus::kPaid)), ElementsAre("INV-11050"));
  EXPECT_EQ(calls_, 1);
}

TEST_P(InvoiceListTest, WhatAnEarlierWordHasFoundIsLookedAtInBoundsToo) {
  Write(kOrg, [&](Connection& connection) {
    for (int i = 0; i < 2 * kListScanMax; ++i) {
      InvoiceStore::Insert(
          connection, kOrg,
          Made(absl::StrCat("INV-", 10'000 + i), "Acme Active", InvoiceStatus::kSent), "seal");
    }
    InvoiceStore::Insert(connection, kOrg, Made("INV-9", "Acute", InvoiceStatus::kSent), "seal");
  });
  SummaryList list = Search("ac");
  // Behind all that are found by the first of their two words.
  list.word = "active";
  EXPECT_THAT(Numbers(list), ElementsAre("INV-9"));
  EXPECT_EQ(calls_, 3);
}

}  // namespace
}  // namespace marginalia
