// What the real three processes answer to GET /metrics, after a little of everything.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

// The value of a metric as the scrape has it; -1 when it has none.
double ValueIn(const std::string& scrape, const std::string& metric) {
  const std::size_t line = scrape.find("\n" + metric + " ");
  return line == std::string::npos ? -1 : std::stod(scrape.substr(line + metric.size() + 2));
}

// Nobody listens there, so that the relay's metrics are there and say so.
constexpr char kNoBroker[] = "--nats_url=nats://127.0.0.1:1";

class ScrapeTest : public testing::Test {
 protected:
  ScrapeTest() {
    processes_.comments().Kill();
    processes_.StartComments({kNoBroker});
  }

  HttpClient::Headers As(const std::string& role) {
    return {{"Authorization", "Bearer " + processes_.Token("dana", role)}};
  }

  void Drive() {
    const std::string invoice = processes_.NewInvoice("INV-1042");
    const std::string thread = absl::StrCat("/api/invoices/", invoice, "/comments");
    HttpClient client(processes_.gateway().address());
    ASSERT_TRUE(Await([&] {
      return client.Post(thread, "{\"body\": \"Attached.\"}", As("member")).status == 201;
    }));
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(client.Get(thread, As("viewer")).status, 200);
      EXPECT_EQ(client.Get("/api/invoices/" + invoice, As("viewer")).status, 200);
    }
    EXPECT_EQ(client.Get(thread).status, 401);
    EXPECT_TRUE(Verify().ok());
  }

  grpc::Status Verify() {
    return processes_.WithOneRetry(processes_.Token("ops", "service", ""), [&](auto& context) {
      invoices::v1::VerifyProjectionResponse response;
      return processes_.invoices_stub().VerifyProjection(&context, {}, &response);
    });
  }

  // Files with what each process answers.
  std::vector<std::string> Scrape() {
    std::vector<std::string> paths;
    for (auto& [name, process] : std::vector<std::pair<std::string, ProcessUnderTest*>>{
             {"comments-service", &processes_.comments()},
             {"invoice-service", &processes_.invoices()},
             {"gateway", &processes_.gateway()}}) {
      paths.push_back(processes_.directory().File(name + ".metrics"));
      std::ofstream(paths.back()) << ThreeProcesses::MetricsOf(*process);
    }
    return paths;
  }

  static std::vector<std::string> RulesAndDashboards() {
    std::vector<std::string> paths;
    for (const auto& file : std::filesystem::directory_iterator(OBSERVABILITY_FOLDER)) {
      const std::string name = file.path().filename();
      if (name.ends_with(".rules.yaml") || name.ends_with(".json")) paths.push_back(file.path());
    }
    return paths;
  }

  // The exit code of the check. What it says is shown, or kept in a file when mistakes are
  // expected.
  static int Check(std::vector<std::string> asked, const std::vector<std::string>& scrapes,
                   const std::string& said = "") {
    std::vector<std::string> arguments = {SCRAPE_CHECK};
    arguments.insert(arguments.end(), asked.begin(), asked.end());
    arguments.push_back("--");
    arguments.insert(arguments.end(), scrapes.begin(), scrapes.end());
    return ChildProcess(arguments, ChildOptions{.stderr_path = said}).Wait();
  }

  ThreeProcesses processes_;
};

TEST_F(ScrapeTest, HoldsWhatRulesAndDashboardAskForByTheConventions) {
  Drive();
  const std::vector<std::string> scrapes = Scrape();
  ASSERT_FALSE(RulesAndDashboards().empty());
  EXPECT_EQ(Check(RulesAndDashboards(), scrapes), 0);
}

TEST_F(ScrapeTest, AMetricThatNobodyHasOrThatBreaksTheConventionsIsNoticed) {
  const std::vector<std::string> scrapes = Scrape();
  const std::string said = processes_.directory().File("said");
  const std::string wrong = processes_.directory().File("wrong.rules.yaml");
  std::ofstream(wrong) << "      - alert: Wrong\n        expr: marginalia_no_such_metric > 0\n";
  EXPECT_EQ(Check({wrong}, scrapes, said), 1);
  const std::string right = processes_.directory().File("right.rules.yaml");
  std::ofstream(right) << "      - alert: Right\n        expr: process_open_fds > 0\n";
  EXPECT_EQ(Check({right}, scrapes), 0);
  const std::string unconventional = processes_.directory().File("unconventional.metrics");
  std::ofstream(unconventional) << "# TYPE process_open_fds counter\nprocess_open_fds 1\n";
  EXPECT_EQ(Check({right}, {unconventional}, said), 1);
}

TEST_F(ScrapeTest, TellsWhatHappened) {
  Drive();
  const std::string comments = ThreeProcesses::MetricsOf(processes_.comments());
  EXPECT_EQ(ValueIn(comments, "marginalia_event_log_head"), 1);
  EXPECT_EQ(ValueIn(comments, "marginalia_audit_head"), 1);
  EXPECT_GE(ValueIn(comments, "marginalia_group_writes_bucket{le=\"1\"}"), 1);
  EXPECT_GE(ValueIn(comments, "marginalia_commit_seconds_count"), 1);
  EXPECT_EQ(ValueIn(comments, "marginalia_group_failures_total{ending=\"unknown\"}"), 0);
  EXPECT_EQ(ValueIn(comments, "marginalia_writes_refused_total"), 0);
  EXPECT_EQ(ValueIn(comments, "marginalia_writes_queued_max"), 4096);
  const std::string invoices = ThreeProcesses::MetricsOf(processes_.invoices());
  EXPECT_EQ(ValueIn(invoices, "marginalia_projection_drift{projection=\"comment_counts\"}"), 0);
  EXPECT_EQ(ValueIn(invoices, "marginalia_projection_position{projection=\"comment_counts\"}"), 1);
  const std::string gateway = ThreeProcesses::MetricsOf(processes_.gateway());
  EXPECT_EQ(ValueIn(gateway, "marginalia_refusals_total{reason=\"TOKEN_MISSING\"}"), 1);
  EXPECT_EQ(ValueIn(gateway, "marginalia_sse_clients_max"), 12'000);
}

}  // namespace
}  // namespace marginalia
