// The program itself: its flags, its exit codes, and what a signal does to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "comments-service/schema.h"
#include "services/errors/errors.h"
#include "services/rpc/client/channel.h"
#include "services/storage/database.h"
#include "tests/comments_service/client.h"
#include "tests/comments_service/service_under_test.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/database_under_test.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

class CommentsProcessTest : public testing::Test {
 protected:
  // Starts the program; `flags` may say again what is said for it.
  std::unique_ptr<ChildProcess> Start(const std::vector<std::string>& flags = {}) {
    std::vector<std::string> arguments = {
        COMMENTS_SERVICE_BINARY, "--listen_address=127.0.0.1:0", "--metrics_address=127.0.0.1:0",
        "--jwks_path=" + Mint().jwks_path(), "--database_url=sqlite:" + directory_.File("c.db")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    log_path_ = directory_.File(std::to_string(++starts_) + ".log");
    return std::make_unique<ChildProcess>(arguments, ChildOptions{.stderr_path = log_path_});
  }

  std::string Log() const {
    std::ostringstream text;
    text << std::ifstream(log_path_).rdbuf();
    return text.str();
  }

  static std::string DanasToken() {
    return Mint().Mint({.org = "org", .sub = "dana", .name = "Dana", .role = "member"});
  }

  // Waits until the program serves. A field of the line that says so.
  std::string Listening(const std::string& field) const {
    std::string log;
    EXPECT_TRUE(Await([&] {
      log = Log();
      return log.find("\"listening\"") != log.npos;
    })) << log;
    const std::string line = log.substr(log.find("\"listening\""));
    const std::string begins = "\"" + field + "\":\"";
    const std::size_t begin = line.find(begins) + begins.size();
    return line.substr(begin, line.find('"', begin) - begin);
  }

  // The same.
  Client Connect(const std::string& token = DanasToken()) {
    return Client(ConnectTo(Listening("address")), token);
  }

  TempDir directory_;
  int starts_ = 0;
  std::string log_path_;
};

TEST_F(CommentsProcessTest, BadFlagsEndItWith2) {
  for (const auto& [flag, words] : std::vector<std::pair<std::string, std::string>>{
           {"--jwks_path=", "jwks_path"},
           {"--jwt_issuer=", "must name an issuer"},
           {"--jwt_audience=", "must name an audience"},
           {"--events_count_max=0", "events_count_max"},
           {"--events_age_max=-1s", "events_age_max"},
           {"--events_age_max=1ns", "must be from 1m"},
           {"--drain_grace=inf", "drain_grace"},
           {"--calls_in_flight_max=0", "calls_in_flight_max"},
           {"--tenant_calls_per_second=-1", "tenant_calls_per_second"},
           {"--person_calls_per_second=1000001", "person_calls_per_second"},
           {"--insecure_identity=org", "together with --jwks_path"},
           {"--no_such_flag=1", "no_such_flag"}}) {
    EXPECT_EQ(Start({flag})->Wait(), 2) << flag;
    EXPECT_THAT(Log(), HasSubstr(words));
  }
}

TEST_F(CommentsProcessTest, ADatabaseThatCannotBeOpenedEndsItWith1) {
  EXPECT_EQ(Start({"--database_url=sqlite:" + directory_.File("no/such/folder.db")})->Wait(), 1);
  EXPECT_THAT(Log(), HasSubstr("--database_url"));
  EXPECT_THAT(Log(), HasSubstr("folder.db"));
  const std::string garbage = directory_.File("garbage.db");
  std::ofstream(garbage) << std::string(10'000, 'x');
  EXPECT_EQ(Start({"--database_url=sqlite:" + garbage})->Wait(), 1);
  EXPECT_THAT(Log(), HasSubstr("corrupt"));
  EXPECT_EQ(Start({"--database_url=mysql:c"})->Wait(), 1);
  EXPECT_THAT(Log(), HasSubstr("--database_url"));
}

TEST_F(CommentsProcessTest, AnAddressInUseEndsItWith1) {
  const auto first = Start();
  const Client dana = Connect();
  EXPECT_EQ(Start({"--listen_address=256.0.0.1:1",
                   "--database_url=sqlite:" + directory_.File("other.db")})
                ->Wait(),
            1);
  EXPECT_THAT(Log(), HasSubstr("--listen_address"));
}

TEST_F(CommentsProcessTest, AnAddressForProbesInUseIsNamedByItsFlag) {
  const auto first = Start();
  const std::string address = Listening("address");
  EXPECT_EQ(
      Start({"--probe_address=" + address, "--database_url=sqlite:" + directory_.File("other.db")})
          ->Wait(),
      1);
  EXPECT_THAT(Log(), HasSubstr("--probe_address: cannot listen on " + address));
}

TEST_F(CommentsProcessTest, ASignalDrainsItAndEndsItWith0) {
  const auto process = Start();
  const Client dana = Connect();
  dana.Post("INV-1", "a body");
  WatchStream watch = dana.WatchFromBeginning();
  watch.Events(1);
  process->Signal(SIGTERM);
  EXPECT_EQ(ReasonOf(watch.End()), "DRAINING");
  EXPECT_EQ(process->Wait(), 0);
  EXPECT_THAT(Log(), HasSubstr("stopped"));
}

TEST_F(CommentsProcessTest, WithoutIdentityItWarnsAndTakesEveryCallerForAnAdmin) {
  const auto process = Start({"--jwks_path=", "--insecure_identity=org"});
  const Client nobody = Connect("");
  EXPECT_THAT(Log(), HasSubstr("identity is not verified"));
  const auto added = nobody.Add("INV-1", NewUuid(), "a body");
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->comment().author().user_id(), "developer");
}

TEST_F(CommentsProcessTest, KilledAtAnyMomentItHasWhatItAcknowledged) {
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 5; ++round) {
    const auto process = Start();
    const Client dana = Connect();
    for (const std::string& id : acknowledged) {
      const auto again = dana.Add("INV-1", id, "a body");
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(again->replayed());
    }
    for (int i = 0; i < 10; ++i) {
      acknowledged.push_back(NewUuid());
      ASSERT_TRUE(dana.Add("INV-1", acknowledged.back(), "a body").ok());
    }
    process->Signal(SIGKILL);
    process->Wait();
  }
}

class RestoredDatabaseTest : public CommentsProcessTest,
                             public testing::WithParamInterface<DatabaseKind> {
 protected:
  std::unique_ptr<ChildProcess> StartOnIt(std::vector<std::string> flags = {}) {
    flags.push_back("--database_url=" + url_);
    return Start(flags);
  }

  void Stop(ChildProcess& process) {
    process.Signal(SIGTERM);
    EXPECT_EQ(process.Wait(), 0);
  }

  void PostAndStop() {
    const auto process = StartOnIt();
    const Client dana = Connect();
    dana.Post("INV-1", "a body");
    dana.Post("INV-2", "a body");
    Stop(*process);
  }

  // The id that the log has when the program serves, as it does now and goes on to.
  std::string LogId() {
    const auto process = StartOnIt();
    const std::string id = Listening("log_id");
    Stop(*process);
    return id;
  }

  void Change(const std::vector<std::string>& statements) {
    const auto database = Database::Open(url_, CommentsMigrations());
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status written = (*database)->WriteAtStart([&](Connection& connection) {
      const TenantScope all(connection, Tenants::All());
      for (const std::string& statement : statements) connection.sql() << statement;
      return absl::OkStatus();
    });
    ASSERT_TRUE(written.ok()) << written;
  }

  const std::string url_ = NewDatabaseUrl(GetParam());
};

INSTANTIATE_ON_EVERY_DATABASE(RestoredDatabaseTest);

TEST_P(RestoredDatabaseTest, ANewLogIsStartedOnceByAProcessThatServesNobody) {
  PostAndStop();
  const std::string before = LogId();
  EXPECT_EQ(StartOnIt({"--migrate_only"})->Wait(), 0);
  EXPECT_EQ(LogId(), before);
  EXPECT_EQ(StartOnIt({"--migrate_only", "--start_new_log"})->Wait(), 0);
  const std::string said = Log();
  const std::string after = LogId();
  EXPECT_NE(after, before);
  EXPECT_THAT(said, HasSubstr(after));
  EXPECT_EQ(LogId(), after);
}

// What a dump has that row-level security was left to filter.
TEST_P(RestoredDatabaseTest, ACopyWithoutItsRowsIsRefused) {
  PostAndStop();
  std::vector<std::string> emptied;
  for (const char* table : {"comments", "thread_comments", "comment_ids", "threads",
                            "audit_entries", "audit_heads", "events"}) {
    emptied.push_back(std::string("DELETE FROM ") + table);
  }
  Change(emptied);
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {}, {"--start_new_log"}, {"--migrate_only", "--start_new_log"}}) {
    EXPECT_EQ(StartOnIt(flags)->Wait(), 1);
    EXPECT_THAT(Log(), HasSubstr("--database_url: the event log goes to position 2 and the audit"));
  }
}

TEST_P(RestoredDatabaseTest, ACopyWithoutTheEndOfTheAuditLogIsRefused) {
  PostAndStop();
  Change({"DELETE FROM audit_entries WHERE position = 2"});
  EXPECT_EQ(StartOnIt()->Wait(), 1);
}

TEST_P(RestoredDatabaseTest, EventsThatRetentionRemovedAreNotMissed) {
  PostAndStop();
  Change({"DELETE FROM events", "UPDATE event_log SET compacted = head"});
  EXPECT_NE(LogId(), "");
}

}  // namespace
}  // namespace marginalia
