#include "deploy/demo/demo_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "deploy/demo/busy_thread.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::vector<DemoTenant> ShippedDemo() {
  auto tenants = ReadDemoData(DEMO_FILE);
  EXPECT_TRUE(tenants.ok()) << tenants.status();
  return *std::move(tenants);
}

// The message that refuses `text` as a demo file.
std::string RefusalOf(const std::string& text) {
  const TempDir folder;
  const std::string path = folder.File("demo.json");
  std::ofstream(path) << text;
  const auto tenants = ReadDemoData(path);
  EXPECT_FALSE(tenants.ok());
  return std::string(tenants.status().message());
}

TEST(DemoDataTest, TheShippedFileIsReadAsItStands) {
  const std::vector<DemoTenant> tenants = ShippedDemo();
  ASSERT_THAT(tenants, SizeIs(2));
  EXPECT_EQ(tenants[0].org_id, "northlight");
  ASSERT_THAT(tenants[0].invoices, SizeIs(4));
  const invoices::v1::Invoice& invoice = tenants[0].invoices[0].invoice;
  EXPECT_EQ(invoice.number(), "INV-1042");
  EXPECT_EQ(invoice.status(), invoices::v1::INVOICE_STATUS_SENT);
  EXPECT_EQ(invoice.version(), 3);
  EXPECT_EQ(invoice.line_items(1).quantity(), "40h");
  EXPECT_EQ(invoice.total(), 1'200'000);
  EXPECT_EQ(tenants[1].invoices[0].comments[0].ago, absl::Hours(72));
}

TEST(DemoDataTest, OneOfThreeCommentsIsEditedAndAnotherThreadIsResolved) {
  const std::vector<DemoInvoice> invoices = ShippedDemo()[0].invoices;
  ASSERT_THAT(invoices[0].comments, SizeIs(3));
  EXPECT_EQ(invoices[0].comments[0].first_body, "");
  EXPECT_THAT(invoices[0].comments[1].first_body, HasSubstr("qoute"));
  EXPECT_THAT(invoices[0].comments[1].body, HasSubstr("quote"));
  EXPECT_FALSE(invoices[0].resolved_by.has_value());
  EXPECT_EQ(invoices[3].invoice.number(), "INV-1041");
  EXPECT_EQ(invoices[3].resolved_by->user_id, "priya");
}

TEST(DemoDataTest, LinesAddUpToTheTotals) {
  for (const DemoTenant& tenant : ShippedDemo()) {
    for (const DemoInvoice& demo : tenant.invoices) {
      std::int64_t total = 0;
      for (const auto& line : demo.invoice.line_items()) total += line.amount();
      EXPECT_EQ(total, demo.invoice.total()) << demo.invoice.number();
    }
  }
}

TEST(DemoDataTest, ThreadsRunForwardInTimeAndEndInThePast) {
  for (const DemoTenant& tenant : ShippedDemo()) {
    for (const DemoInvoice& demo : tenant.invoices) {
      absl::Duration before = absl::InfiniteDuration();
      for (const DemoComment& comment : demo.comments) {
        EXPECT_LE(comment.ago, before);
        EXPECT_GT(comment.ago, absl::ZeroDuration());
        before = comment.ago;
      }
    }
  }
}

TEST(DemoDataTest, ARefusalNamesTheFileAndWhatIsWrong) {
  EXPECT_THAT(RefusalOf("{"), HasSubstr("demo.json"));
  EXPECT_THAT(RefusalOf(R"({"tenants": [{"people": []}]})"), HasSubstr(R"("org_id" is missing)"));
  EXPECT_THAT(RefusalOf(R"({"tenants": {}})"), HasSubstr(R"("tenants" is not a list)"));
}

class BusyThreadTest : public testing::Test {
 protected:
  const std::vector<DemoPerson> people_ = {{"dana", "Dana", "member"},
                                           {"sam", "Sam", "viewer"},
                                           {"priya", "Priya", "member"},
                                           {"alex", "Alex", "admin"}};
};

TEST_F(BusyThreadTest, IsTheSameEveryTime) {
  const std::vector<DemoComment> once = BusyThread(400, people_);
  const std::vector<DemoComment> again = BusyThread(400, people_);
  ASSERT_THAT(once, SizeIs(400));
  ASSERT_THAT(again, SizeIs(400));
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].body, again[i].body);
    EXPECT_EQ(once[i].ago, again[i].ago);
    EXPECT_EQ(once[i].author.user_id, again[i].author.user_id);
  }
}

TEST_F(BusyThreadTest, SomeAreEditedWhileTheirAuthorsMayAndSomeRemovedByAnAdmin) {
  int edited = 0;
  int removed = 0;
  for (const DemoComment& comment : BusyThread(400, people_)) {
    EXPECT_FALSE(!comment.first_body.empty() && comment.removal.has_value());
    if (!comment.first_body.empty()) {
      ++edited;
      EXPECT_LT(comment.ago, absl::Hours(12));
      EXPECT_NE(comment.first_body, comment.body);
    }
    if (!comment.removal) continue;
    ++removed;
    EXPECT_EQ(comment.removal->actor.user_id, "alex");
  }
  EXPECT_GE(edited, 1);
  EXPECT_EQ(removed, 10);
}

TEST_F(BusyThreadTest, EverybodyWhoMayCommentDoes) {
  std::set<std::string> authors;
  for (const DemoComment& comment : BusyThread(400, people_)) {
    authors.insert(comment.author.user_id);
  }
  EXPECT_THAT(authors, ElementsAre("alex", "dana", "priya"));
}

TEST_F(BusyThreadTest, HoldsWhatAPageMustShowRight) {
  std::string all;
  std::size_t shortest = 10'000;
  std::size_t longest = 0;
  for (const DemoComment& comment : BusyThread(400, people_)) {
    all += comment.body;
    shortest = std::min(shortest, comment.body.size());
    longest = std::max(longest, comment.body.size());
  }
  for (const char* part : {"\n", "https://", "🎉", "رسالة", "<script>", "javascript:"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
  EXPECT_LT(shortest, 10u);
  EXPECT_GT(longest, 1'500u);
}

}  // namespace
}  // namespace marginalia
