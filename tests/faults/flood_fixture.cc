#include "tests/faults/flood_fixture.h"

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

bool FloodFixture::IsAnswered(const ProcessUnderTest& flooded) {
  const std::string token = processes_.Token("dana", "member");
  if (&flooded == &processes_.gateway()) {
    HttpClient client(flooded.address());
    return client
               .Get("/api/invoices/" + invoice_ + "/comments",
                    {{"Authorization", "Bearer " + token}})
               .status == 200;
  }
  grpc::ClientContext context;
  processes_.Prepare(context, token);
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_);
  comments::v1::ListCommentsResponse response;
  return processes_.comments_stub().ListComments(&context, request, &response).ok();
}

void FloodFixture::FloodBesideACaller(ProcessUnderTest& flooded, std::int64_t growth_kibibytes_max,
                                      const std::function<void()>& flood) {
  ASSERT_TRUE(IsAnswered(flooded));
  const pid_t pid = flooded.pid();
  const std::int64_t before = ResidentKibibytes(pid);
  std::atomic<bool> over = false;
  std::atomic<int> answered = 0;
  std::atomic<int> failed = 0;
  std::vector<std::chrono::microseconds> took;
  std::thread caller([&] {
    do {
      const auto asked = std::chrono::steady_clock::now();
      ++(IsAnswered(flooded) ? answered : failed);
      took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - asked));
    } while (!over);
  });
  flood();
  const std::int64_t grown = ResidentKibibytes(pid) - before;
  over = true;
  caller.join();
  EXPECT_EQ(failed, 0) << "of " << answered + failed << " calls";
  EXPECT_LT(grown, growth_kibibytes_max);
  EXPECT_EQ(flooded.pid(), pid);
  EXPECT_TRUE(IsAnswered(flooded));
  RecordProperty("grown_kibibytes", std::to_string(grown));
  RecordProperty("calls_answered_meanwhile", answered.load());
  std::sort(took.begin(), took.end());
  RecordProperty("p99_us_meanwhile", static_cast<int>(took[took.size() * 99 / 100].count()));
}

}  // namespace marginalia
