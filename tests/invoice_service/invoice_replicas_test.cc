// Several invoice-services over one PostgreSQL database: what one writes of an invoice beside the
// events of its thread that another one applies.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "invoice-service/comment_count_store.h"
#include "invoice-service/invoice_list.h"
#include "invoice-service/invoice_store.h"
#include "invoice-service/schema.h"
#include "services/events/projection/position.h"
#include "services/storage/database.h"
#include "services/storage/group/group_commit.h"
#include "services/text/uuid.h"
#include "tests/support/await.h"
#include "tests/support/database_under_test.h"

namespace marginalia {
namespace {

constexpr char kOrg[] = "northlight";
const absl::Time kCreated = absl::FromUnixSeconds(1'750'000'000);

bool SomebodyWaitsFor(Connection& connection) {
  int waiting = 0;
  connection.sql() << "SELECT count(*) FROM pg_stat_activity"
                      " WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))",
      soci::into(waiting);
  return waiting > 0;
}

Invoice MadeInvoice() {
  Invoice invoice;
  invoice.invoice_id = NewUuid(kCreated);
  invoice.content = {"INV-1", {"Acme Corp", ""}, "", "2026-06-30", "USD", {}};
  invoice.etag = "1";
  invoice.create_time = kCreated;
  return invoice;
}

// As main puts together what writes.
struct Replica {
  explicit Replica(const std::string& url)
      : database(*Database::Open(url, InvoiceMigrations())),
        writes(*database, {&position_lock}, [](std::string_view) { std::abort(); }) {}

  std::unique_ptr<Database> database;
  PositionLock position_lock;
  GroupCommit writes;
};

class InvoiceReplicasTest : public testing::Test {
 protected:
  using Write = std::function<void(Connection&)>;

  // In a thread of its own, in which it also ends.
  std::future<absl::Status> Start(Replica& replica, Write write) {
    return std::async(std::launch::async, [this, &replica, write = std::move(write)] {
      const absl::Status written = replica.writes.SubmitAndWait(
          SteadyTime::Never(), Tenants::All(), [this, &write](Connection& connection) {
            ++runs_;
            write(connection);
            return absl::OkStatus();
          });
      ++ended_;
      return written;
    });
  }

  // The write of one replica, and that of the other one, which begins when the first one has
  // written and goes as far as it gets before the first one does `last` and commits.
  void WriteBeside(const Write& first, const Write& second, const Write& last) {
    std::atomic<bool> written = false;
    auto one = Start(one_, [&](Connection& connection) {
      first(connection);
      // With the rows that the connection keeps.
      connection.sql();
      written = true;
      EXPECT_TRUE(Await([&] { return ended_ > 0 || SomebodyWaitsFor(connection); }));
      last(connection);
    });
    ASSERT_TRUE(Await([&] { return written.load(); }));
    auto other = Start(other_, second);
    EXPECT_EQ(one.get(), absl::OkStatus());
    EXPECT_EQ(other.get(), absl::OkStatus());
  }

  // As the projector applies the event.
  void ApplyResolved(Connection& connection) {
    if (!ProjectionPosition::Advance(connection, 1, {"", 1}, absl::InfinitePast())) return;
    const CountedThread resolved{.org_id = kOrg,
                                 .invoice_id = invoice_.invoice_id,
                                 .comment_count = 1,
                                 .last_comment_time = kCreated,
                                 .last_author_name = "Dana",
                                 .position = 1,
                                 .state = ThreadState::kResolved,
                                 .state_time = kCreated,
                                 .revision = 1};
    CommentCountStore::Apply(connection, {&resolved, 1});
  }
  void Insert(Connection& connection) {
    EXPECT_TRUE(InvoiceStore::Insert(connection, kOrg, invoice_, "seal"));
  }

  // How many the lists tell of.
  std::size_t ResolvedThreads() {
    SummaryPage page;
    const absl::Status read =
        one_.database->Read(Tenants::One(kOrg), [&page](Connection& connection) {
          page = ListSummaries(connection, kOrg, {.state = ThreadState::kResolved}, 10);
          return absl::OkStatus();
        });
    EXPECT_TRUE(read.ok()) << read;
    return page.summaries.size();
  }

  const std::string url_ = NewDatabaseUrl(DatabaseKind::kPostgres);
  Replica one_{url_};
  Replica other_{url_};
  const Invoice invoice_ = MadeInvoice();
  std::atomic<int> runs_ = 0;
  std::atomic<int> ended_ = 0;
};

TEST_F(InvoiceReplicasTest, AnInvoiceIsChangedBesideAnEventOfItWithoutADeadlock) {
  ASSERT_EQ(Start(one_, [this](Connection& connection) { Insert(connection); }).get(),
            absl::OkStatus());
  runs_ = 0;
  ended_ = 0;
  // A change of an invoice shares its group with what the replica's own projector writes.
  WriteBeside(
      [this](Connection& connection) {
        Invoice sent = invoice_;
        sent.etag = "2";
        EXPECT_TRUE(InvoiceStore::Replace(connection, kOrg, sent, invoice_.etag));
      },
      [this](Connection& connection) { ApplyResolved(connection); },
      [this](Connection& connection) { ApplyResolved(connection); });
  EXPECT_EQ(runs_, 2) << "a write that met a deadlock has run again";
  EXPECT_EQ(ResolvedThreads(), 1u);
}

TEST_F(InvoiceReplicasTest, AnInvoiceCreatedWhileItsEventsAreAppliedIsListedWithTheirState) {
  WriteBeside([this](Connection& connection) { ApplyResolved(connection); },
              [this](Connection& connection) { Insert(connection); }, [](Connection&) {});
  EXPECT_EQ(ResolvedThreads(), 1u);
}

TEST_F(InvoiceReplicasTest, EventsAppliedWhileTheirInvoiceIsCreatedMoveItInTheLists) {
  WriteBeside([this](Connection& connection) { Insert(connection); },
              [this](Connection& connection) { ApplyResolved(connection); }, [](Connection&) {});
  EXPECT_EQ(ResolvedThreads(), 1u);
}

}  // namespace
}  // namespace marginalia
