#include "tests/faults/flood_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/http_client.h"

namespace marginalia {
namespace {

std::int64_t ResidentKibibytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  ADD_FAILURE() << "no resident size of process " << pid;
  return 0;
}

}  // namespace

std::string FloodFixture::Refusal(const ProcessUnderTest& flooded) {
  const std::string token = processes_.Token("dana", "member");
  if (&flooded == &processes_.gateway()) {
    HttpClient client(flooded.address());
    const std::string path = "/api/invoices/" + invoice_ + "/comments";
    const int status = client.Get(path, {{"Authorization", "Bearer " + token}}).status;
    return status == 200 ? "" : "status " + std::to_string(status);
  }
  grpc::ClientContext context;
  processes_.Prepare(context, token);
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_);
  comments::v1::ListCommentsResponse response;
  const grpc::Status status = processes_.comments_stub().ListComments(&context, request, &response);
  if (status.ok()) return "";
  return "code " + std::to_string(status.error_code()) + ", " + status.error_message();
}

void FloodFixture::FloodBesideACaller(ProcessUnderTest& flooded, std::int64_t growth_kibibytes_max,
                                      const std::function<void()>& flood) {
  ASSERT_EQ(Refusal(flooded), "");
  const pid_t pid = flooded.pid();
  const std::int64_t before = ResidentKibibytes(pid);
  std::atomic<bool> over = false;
  std::atomic<int> answered = 0;
  std::vector<std::string> refusals;
  std::vector<std::chrono::microseconds> took;
  std::thread caller([&] {
    do {
      const auto asked = std::chrono::steady_clock::now();
      const std::string refusal = Refusal(flooded);
      took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - asked));
      if (refusal.empty()) {
        ++answered;
      } else {
        refusals.push_back(refusal + ", after " + std::to_string(took.back().count()) + " us");
      }
    } while (!over);
  });
  flood();
  const std::int64_t grown = ResidentKibibytes(pid) - before;
  over = true;
  caller.join();
  EXPECT_THAT(refusals, testing::IsEmpty()) << "and " << answered << " calls were answered";
  EXPECT_LT(grown, growth_kibibytes_max);
  EXPECT_EQ(flooded.pid(), pid);
  EXPECT_EQ(Refusal(flooded), "");
  RecordProperty("grown_kibibytes", std::to_string(grown));
  RecordProperty("calls_answered_meanwhile", answered.load());
  std::sort(took.begin(), took.end());
  RecordProperty("p99_us_meanwhile", static_cast<int>(took[took.size() * 99 / 100].count()));
  RecordProperty("longest_us_meanwhile", static_cast<int>(took.back().count()));
}

}  // namespace marginalia
