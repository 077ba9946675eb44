#include "invoice-service/invoices.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "invoice-service/invoice_store.h"
#include "invoice-service/schema.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/text/uuid.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

const Caller kDana{"northlight", "dana", "Dana", Role::kMember};
const Caller kMallory{"rivalworks", "mallory", "Mallory", Role::kMember};
constexpr char kId[] = "018f4e2a-9c3b-7d10-8a55-0242ac120002";

InvoiceContent Content(const std::string& number) {
  return {number,   {"Acme Corp", "billing@acme.example"},
          "Net 30", "2026-06-30",
          "USD",    {{"Design review", "2 rounds", 480000}, {"Implementation", "40h", 600000}}};
}

class InvoicesTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  InvoicesTest()
      : database_(*Database::Open(NewDatabaseUrl(GetParam()), InvoiceMigrations())),
        writes_(*database_, {}, [](std::string_view) { std::abort(); }),
        invoices_(*database_, writes_, cache_) {}

  template <class Answer, class Ask>
  static absl::StatusOr<Answer> Wait(Ask ask) {
    std::promise<absl::StatusOr<Answer>> answered;
    ask([&answered](absl::StatusOr<Answer> answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }

  absl::StatusOr<Invoice> Create(const InvoiceContent& content, const std::string& id = "",
                                 const Caller& caller = kDana) {
    return Wait<Invoice>([&](auto done) {
      invoices_.Create(caller, id, content, SteadyTime::Never(), std::move(done));
    });
  }
  absl::StatusOr<Invoice> Update(const std::string& id, const InvoiceContent& content,
                                 const std::string& etag, const Caller& caller = kDana) {
    return Wait<Invoice>([&](auto done) {
      invoices_.Update(caller, id, content, etag, SteadyTime::Never(), std::move(done));
    });
  }
  absl::StatusOr<Invoice> Move(const std::string& id, InvoiceAction action, const std::string& etag,
                               const Caller& caller = kDana) {
    return Wait<Invoice>([&](auto done) {
      invoices_.Move(caller, id, action, etag, SteadyTime::Never(), std::move(done));
    });
  }
  absl::StatusOr<Invoice> Get(const std::string& key, const Caller& caller = kDana) {
    auto found = Wait<std::optional<CountedInvoice>>(
        [&](auto done) { invoices_.Read(caller, key, SteadyTime::Never(), std::move(done)); });
    if (!found.ok()) return found.status();
    if (!found->has_value()) return InvoiceNotFound(key);
    return (*found)->invoice;
  }
  std::vector<std::string> Numbers(const std::string& after, int limit,
                                   const Caller& caller = kDana) {
    SummaryList list;
    list.number = after;
    const auto found = Wait<SummaryPage>([&](auto done) {
      invoices_.List(caller, std::move(list), limit, SteadyTime::Never(), std::move(done));
    });
    std::vector<std::string> numbers;
    for (const InvoiceSummary& summary : found->summaries) numbers.push_back(summary.number);
    return numbers;
  }

  std::unique_ptr<Database> database_;
  GroupCommit writes_;
  SummaryCache cache_;
  Invoices invoices_;
};

INSTANTIATE_ON_EVERY_DATABASE(InvoicesTest);

TEST_P(InvoicesTest, ACreatedInvoiceIsADraftWithTheTotalOfItsLines) {
  const auto created = Create(Content("INV-1"));
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->status, InvoiceStatus::kDraft);
  EXPECT_EQ(created->version, 1);
  EXPECT_EQ(created->total, 1080000);
  EXPECT_FALSE(created->etag.empty());
  for (const std::string& key : {created->invoice_id, std::string("INV-1")}) {
    const auto read = Get(key);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->content, Content("INV-1"));
    EXPECT_EQ(read->etag, created->etag);
    EXPECT_EQ(read->create_time, created->create_time);
  }
}

TEST_P(InvoicesTest, InvalidContentIsRefusedWithEveryFieldNamed) {
  InvoiceContent content = Content("INV 1");
  content.currency = "dollars";
  const auto created = Create(content);
  EXPECT_TRUE(absl::IsInvalidArgument(created.status()));
  const auto violations = FieldViolationsOf(created.status());
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].field, "invoice.number");
  EXPECT_EQ(violations[1].field, "invoice.currency");
  EXPECT_EQ(FieldViolationsOf(Create(Content("INV-1"), "no-uuid").status())[0].field, "invoice_id");
}

TEST_P(InvoicesTest, TheSameIdWithTheSameInvoiceAnswersWithTheStoredOne) {
  const auto created = Create(Content("INV-1"), kId);
  const auto again = Create(Content("INV-1"), "018F4E2A-9C3B-7D10-8A55-0242AC120002");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->invoice_id, kId);
  EXPECT_EQ(again->etag, created->etag);
}

TEST_P(InvoicesTest, ARepetitionIsRecognisedAfterTheInvoiceHasBeenEdited) {
  const auto created = Create(Content("INV-1"), kId);
  InvoiceContent edited = Content("INV-1");
  edited.terms = "Net 15";
  ASSERT_TRUE(Update(kId, edited, created->etag).ok());
  const auto again = Create(Content("INV-1"), kId);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->version, 2);
  EXPECT_EQ(again->content.terms, "Net 15");
}

TEST_P(InvoicesTest, TheSameIdWithAnotherInvoiceIsRefused) {
  ASSERT_TRUE(Create(Content("INV-1"), kId).ok());
  InvoiceContent other = Content("INV-1");
  other.line_items[0].amount += 1;
  for (const InvoiceContent& content : {other, Content("INV-2")}) {
    const absl::Status refused = Create(content, kId).status();
    EXPECT_TRUE(absl::IsAlreadyExists(refused));
    EXPECT_EQ(ReasonOf(refused), "INVOICE_ID_REUSED");
  }
}

TEST_P(InvoicesTest, ANumberIsUniqueWithinItsTenantOnly) {
  ASSERT_TRUE(Create(Content("INV-1")).ok());
  const absl::Status refused = Create(Content("INV-1")).status();
  EXPECT_TRUE(absl::IsAlreadyExists(refused));
  EXPECT_EQ(ReasonOf(refused), "INVOICE_NUMBER_TAKEN");
  EXPECT_TRUE(Create(Content("INV-1"), "", kMallory).ok());
}

TEST_P(InvoicesTest, OfManyWhoTakeOneNumberAtOnceOneGetsIt) {
  std::vector<std::thread> callers;
  std::atomic<int> created = 0;
  std::atomic<int> taken = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto answer = Create(Content("INV-1"));
      created += answer.ok();
      taken += ReasonOf(answer.status()) == "INVOICE_NUMBER_TAKEN";
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(taken, 7);
}

TEST_P(InvoicesTest, ADraftIsEditedWholeAndItsNumberStays) {
  const auto created = Create(Content("INV-1"), kId);
  InvoiceContent edited = Content("");
  edited.customer.name = "Globex";
  edited.line_items = {{"Retainer", "1", 350000}};
  const auto updated = Update("INV-1", edited, created->etag);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->version, 2);
  EXPECT_NE(updated->etag, created->etag);
  EXPECT_EQ(updated->total, 350000);
  const auto read = Get(kId);
  EXPECT_EQ(read->content.number, "INV-1");
  EXPECT_EQ(read->content.customer.name, "Globex");
  EXPECT_EQ(read->content.line_items, edited.line_items);
  const absl::Status renumbered = Update(kId, Content("INV-2"), updated->etag).status();
  EXPECT_EQ(FieldViolationsOf(renumbered)[0].field, "invoice.number");
}

TEST_P(InvoicesTest, ADraftIsEditedAlsoUnderANumberThatNoNewInvoiceGets) {
  for (const std::string number : {"2026/", "/7", "a//b", "2026/.."}) {
    const auto created = Create(Content("INV-1"));
    const absl::Status renamed = writes_.SubmitAndWait(
        SteadyTime::Never(), Tenants::One("northlight"), [&number](Connection& connection) {
          connection.sql() << "UPDATE invoices SET number = '" + number +
                                  "' WHERE org_id = 'northlight' AND number = 'INV-1'";
          return absl::OkStatus();
        });
    ASSERT_TRUE(renamed.ok()) << renamed;
    InvoiceContent content = Content("");
    content.terms = "Net 15";
    const auto edited = Update(created->invoice_id, content, created->etag);
    ASSERT_TRUE(edited.ok()) << edited.status();
    EXPECT_EQ(edited->content.number, number);
    EXPECT_EQ(edited->content.terms, "Net 15");
    EXPECT_TRUE(absl::IsInvalidArgument(Create(Content(number)).status()));
  }
}

TEST_P(InvoicesTest, AStoredInvoiceThatIsLongerThanANewOneIsReadMovedAndEditedToBeShorter) {
  Invoice invoice;
  invoice.etag = "1";
  for (const std::string number : {"INV-1", "INV-2"}) {
    invoice.invoice_id = NewUuid(absl::Now());
    invoice.content = Content(number);
    invoice.content.line_items.assign(200, {std::string(500, 'x'), "", 1});
    const absl::Status stored = writes_.SubmitAndWait(
        SteadyTime::Never(), Tenants::One("northlight"), [&invoice](Connection& connection) {
          EXPECT_TRUE(InvoiceStore::Insert(connection, "northlight", invoice, "seal"));
          return absl::OkStatus();
        });
    ASSERT_TRUE(stored.ok()) << stored;
  }
  EXPECT_EQ(Get("INV-2")->content, invoice.content);
  EXPECT_EQ(Numbers("", 10), (std::vector<std::string>{"INV-1", "INV-2"}));
  EXPECT_TRUE(Move("INV-1", InvoiceAction::kSend, "1").ok());
  EXPECT_EQ(FieldViolationsOf(Update("INV-2", invoice.content, "1").status())[0].field,
            "invoice.line_items");
  EXPECT_TRUE(Update("INV-2", Content("INV-2"), "1").ok());
}

TEST_P(InvoicesTest, ContentThatNoInvoiceMayHaveNeverWaitsToBeWritten) {
  const auto created = Create(Content("INV-1"));
  InvoiceContent too_long = Content("INV-1");
  too_long.line_items.assign(200, {std::string(500, 'x'), "", 1});
  const auto answers = std::make_shared<std::vector<absl::Status>>();
  const auto keep = [answers](const absl::StatusOr<Invoice>& answer) {
    answers->push_back(answer.status());
  };
  const absl::Status held = writes_.SubmitAndWait(SteadyTime::Never(), [&](Connection&) {
    // While the writer is here no write is answered.
    invoices_.Create(kDana, "", too_long, SteadyTime::Never(), keep);
    invoices_.Update(kDana, "INV-1", too_long, created->etag, SteadyTime::Never(), keep);
    EXPECT_EQ(answers->size(), 2u);
    return absl::OkStatus();
  });
  ASSERT_TRUE(held.ok()) << held;
  for (const absl::Status& answer : *answers) EXPECT_TRUE(absl::IsInvalidArgument(answer));
}

TEST_P(InvoicesTest, OnlyADraftIsEdited) {
  const auto sent = Move("INV-1", InvoiceAction::kSend, Create(Content("INV-1"))->etag);
  const absl::Status refused = Update("INV-1", Content("INV-1"), sent->etag).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ReasonOf(refused), "INVOICE_NOT_DRAFT");
}

TEST_P(InvoicesTest, AnInvoiceGoesThroughItsLifeOneVersionAtATime) {
  auto invoice = Create(Content("INV-1"));
  invoice = Move("INV-1", InvoiceAction::kSend, invoice->etag);
  ASSERT_TRUE(invoice.ok()) << invoice.status();
  invoice = Move(invoice->invoice_id, InvoiceAction::kPay, invoice->etag);
  ASSERT_TRUE(invoice.ok()) << invoice.status();
  EXPECT_EQ(invoice->version, 3);
  EXPECT_EQ(Get("INV-1")->status, InvoiceStatus::kPaid);
  EXPECT_EQ(Get("INV-1")->content, Content("INV-1"));
  const absl::Status refused = Move("INV-1", InvoiceAction::kVoid, invoice->etag).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ReasonOf(refused), "INVOICE_STATUS_INVALID");
}

TEST_P(InvoicesTest, WhatBecameOfAnInvoiceIsKeptWithTimeAndActor) {
  const Caller priya{"northlight", "priya", "Priya", Role::kMember};
  const absl::Time begin = Create(Content("INV-1"))->create_time;
  EXPECT_TRUE(Get("INV-1")->status_changes.empty());
  ASSERT_TRUE(Update("INV-1", Content("INV-1"), Get("INV-1")->etag).ok());
  EXPECT_TRUE(Get("INV-1")->status_changes.empty());
  ASSERT_TRUE(Move("INV-1", InvoiceAction::kSend, Get("INV-1")->etag).ok());
  const auto paid = Move("INV-1", InvoiceAction::kPay, Get("INV-1")->etag, priya);
  ASSERT_TRUE(paid.ok()) << paid.status();
  const std::vector<StatusChange> changes = Get("INV-1")->status_changes;
  EXPECT_EQ(paid->status_changes, changes);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0], (StatusChange{InvoiceStatus::kSent, changes[0].time, "dana", "Dana"}));
  EXPECT_EQ(changes[1], (StatusChange{InvoiceStatus::kPaid, changes[1].time, "priya", "Priya"}));
  EXPECT_LE(begin, changes[0].time);
  EXPECT_LE(changes[0].time, changes[1].time);
}

TEST_P(InvoicesTest, ARefusedMoveLeavesNoTrace) {
  ASSERT_TRUE(Create(Content("INV-1")).ok());
  EXPECT_FALSE(Move("INV-1", InvoiceAction::kPay, Get("INV-1")->etag).ok());
  EXPECT_FALSE(Move("INV-1", InvoiceAction::kVoid, "stale").ok());
  EXPECT_TRUE(Get("INV-1")->status_changes.empty());
  ASSERT_TRUE(Move("INV-1", InvoiceAction::kVoid, Get("INV-1")->etag).ok());
  ASSERT_EQ(Get("INV-1")->status_changes.size(), 1u);
  EXPECT_EQ(Get("INV-1")->status_changes[0].status, InvoiceStatus::kVoid);
}

TEST_P(InvoicesTest, AnInvoiceThatWasSentBeforeNoteWasTakenHasWhatCameSince) {
  const auto sent = Move("INV-1", InvoiceAction::kSend, Create(Content("INV-1"))->etag);
  ASSERT_TRUE(writes_
                  .SubmitAndWait(SteadyTime::Never(), Tenants::One("northlight"),
                                 [](Connection& connection) {
                                   connection.sql() << "DELETE FROM invoice_status_changes "
                                                       "WHERE org_id = 'northlight'";
                                   return absl::OkStatus();
                                 })
                  .ok());
  EXPECT_TRUE(Get("INV-1")->status_changes.empty());
  ASSERT_TRUE(Move("INV-1", InvoiceAction::kPay, sent->etag).ok());
  ASSERT_EQ(Get("INV-1")->status_changes.size(), 1u);
  EXPECT_EQ(Get("INV-1")->status_changes[0].status, InvoiceStatus::kPaid);
}

TEST_P(InvoicesTest, AStaleEtagIsAbortedAndAMissingOneIsRefused) {
  const auto created = Create(Content("INV-1"));
  ASSERT_TRUE(Move("INV-1", InvoiceAction::kSend, created->etag).ok());
  // Also when it repeats a change whose answer was lost.
  const absl::Status stale = Move("INV-1", InvoiceAction::kSend, created->etag).status();
  EXPECT_TRUE(absl::IsAborted(stale));
  EXPECT_EQ(ReasonOf(stale), "ETAG_MISMATCH");
  EXPECT_TRUE(absl::IsAborted(Update("INV-1", Content("INV-1"), created->etag).status()));
  EXPECT_EQ(FieldViolationsOf(Move("INV-1", InvoiceAction::kPay, "").status())[0].field, "etag");
}

TEST_P(InvoicesTest, OfManyWhoChangeOneVersionAtOnceOneDoes) {
  const auto created = Create(Content("INV-1"));
  std::vector<std::thread> callers;
  std::atomic<int> changed = 0;
  std::atomic<int> aborted = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto answer = Move("INV-1", InvoiceAction::kSend, created->etag);
      changed += answer.ok();
      aborted += absl::IsAborted(answer.status());
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(aborted, 7);
  EXPECT_EQ(Get("INV-1")->version, 2);
}

TEST_P(InvoicesTest, AnotherTenantsInvoiceLooksLikeOneThatDoesNotExist) {
  const auto created = Create(Content("INV-1"), kId);
  for (const std::string key : {kId, "INV-1"}) {
    const absl::Status theirs = Get(key, kMallory).status();
    EXPECT_EQ(ReasonOf(theirs), "INVOICE_NOT_FOUND");
    EXPECT_EQ(Update(key, Content(""), created->etag, kMallory).status(), theirs);
    EXPECT_EQ(Move(key, InvoiceAction::kSend, created->etag, kMallory).status(), theirs);
  }
  const std::string random = "018f4e2a-9c3b-7d10-8a55-0242ac120003";
  std::string expected(Get(random, kMallory).status().message());
  expected.replace(expected.find(random), random.size(), kId);
  EXPECT_EQ(std::string(Get(kId, kMallory).status().message()), expected);
  EXPECT_TRUE(Numbers("", 10, kMallory).empty());
  EXPECT_TRUE(Create(Content("INV-9"), kId, kMallory).ok());
}

TEST_P(InvoicesTest, KeysAreCanonicalOrRefused) {
  EXPECT_EQ(*InvoiceKey("018F4E2A-9C3B-7D10-8A55-0242AC120002", "invoice_id"), kId);
  EXPECT_EQ(*InvoiceKey("INV-1042", "invoice_id"), "INV-1042");
  EXPECT_EQ(FieldViolationsOf(InvoiceKey("", "invoice_id").status())[0].field, "invoice_id");
  EXPECT_TRUE(absl::IsInvalidArgument(InvoiceKey(std::string(65, '1'), "invoice_id").status()));
  EXPECT_TRUE(absl::IsNotFound(InvoiceKey("INV 1042", "invoice_id").status()));
  EXPECT_TRUE(absl::IsNotFound(InvoiceKey(std::string("INV\0001", 5), "invoice_id").status()));
}

TEST_P(InvoicesTest, ListsAreInOrderOfNumberByteByByte) {
  for (const char* number : {"b-2", "B-1", "a_1", "A-10", "A-9", "a-1", "A/1"}) {
    ASSERT_TRUE(Create(Content(number)).ok());
  }
  EXPECT_EQ(Numbers("", 10),
            (std::vector<std::string>{"A-10", "A-9", "A/1", "B-1", "a-1", "a_1", "b-2"}));
  EXPECT_EQ(Numbers("", 2), (std::vector<std::string>{"A-10", "A-9"}));
  EXPECT_EQ(Numbers("A-9", 2), (std::vector<std::string>{"A/1", "B-1"}));
  EXPECT_TRUE(Numbers("b-2", 2).empty());
}

TEST_P(InvoicesTest, ADeadlineThatHasPassedWritesNothing) {
  const auto answer = Wait<Invoice>([&](auto done) {
    invoices_.Create(kDana, kId, Content("INV-1"), SteadyTime(), std::move(done));
  });
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
  EXPECT_TRUE(absl::IsNotFound(Get(kId).status()));
}

}  // namespace
}  // namespace marginalia
