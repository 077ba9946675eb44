// kill -9 at any moment loses nothing that was acknowledged, and nobody has to help afterwards.
// What the services have signed of their record before holds after it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/faults/history.h"
#include "tests/faults/record_watch.h"
#include "tests/operator/operator_run.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

constexpr int kCyclesDefault = 100;
constexpr int kPosters = 6;
constexpr int kChangers = 4;
constexpr unsigned kChangersSeed = 20261127;
constexpr std::size_t kPostsPerCycle = 20;

// MARGINALIA's own variables are flags of its processes, so this one is named otherwise.
int Cycles() {
  const char* asked = std::getenv("KILL_TEST_CYCLES");
  return asked == nullptr ? kCyclesDefault : std::atoi(asked);
}

TEST(KillTest, NothingAcknowledgedIsLostWhicheverProcessIsKilledUnderLoad) {
  ThreeProcesses processes;
  std::vector<std::string> invoices;
  for (int i = 0; i < 5; ++i) invoices.push_back(processes.NewInvoice("INV-" + std::to_string(i)));
  std::vector<ChangedThread> changed;
  for (int i = 0; i < 2; ++i) {
    changed.push_back({"northlight", processes.NewInvoice("CHANGED-" + std::to_string(i))});
  }
  History history;
  ToldChanges changes;
  PatientDoor door(processes);
  RecordWatch record({processes.comments_front().address()},
                     {{"northlight", processes.Token("alex", "admin")}},
                     processes.checkpoint_key());
  const std::string token_path = processes.directory().File("monitor.jwt");
  WriteWhole(token_path, processes.Token("alex", "admin"));
  OperatorRun monitor({"audit-monitor",
                       "--comments_address=" + processes.comments_front().address(),
                       "--token_path=" + token_path, "--key=" + processes.checkpoint_key(),
                       "--state=" + processes.directory().File("seen"), "--interval=1s"});
  std::mt19937 random(20261124);  // NOLINT: the same order of victims in every run
  {
    PostingLoad load(processes, invoices, kPosters, history);
    Changers changers(door, changed, kChangers, kChangersSeed, 1, changes);
    for (int cycle = 0; cycle < Cycles() && !testing::Test::HasFailure(); ++cycle) {
      load.AwaitMore(kPostsPerCycle + random() % kPostsPerCycle);
      switch (random() % 4) {
        case 0:
        case 1:
          processes.comments().Kill();
          processes.StartComments();
          break;
        case 2:
          processes.invoices().Kill();
          processes.StartInvoices();
          break;
        default:
          processes.comments().Kill();
          processes.invoices().Kill();
          processes.gateway().Kill();
          processes.StartComments();
          processes.StartInvoices();
          processes.StartGateway();
      }
    }
  }
  EXPECT_GT(record.growths(), 0);
  EXPECT_THAT(record.contradictions(), testing::IsEmpty());
  monitor.Terminate();
  const OperatorOutcome monitored = monitor.Wait();
  EXPECT_EQ(monitored.exit_code, 0) << monitored.error;
  EXPECT_NE(monitored.out, "");
  ASSERT_FALSE(testing::Test::HasFailure());
  for (const ChangedThread& thread : changed) invoices.push_back(thread.invoice_id);
  history.Check(processes, invoices, &changes);
  // Each verb was among what was cut off.
  EXPECT_EQ(changes.Kinds().size(), 6u);
}

}  // namespace
}  // namespace marginalia
