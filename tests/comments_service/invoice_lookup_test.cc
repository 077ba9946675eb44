#include "comments-service/invoices/invoice_lookup.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "comments-service/schema.h"
#include "services/process/stopwatch.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

// Knows every invoice.
class OpenDirectory : public InvoiceDirectory {
 public:
  void Find(const CallContext&, const std::string& invoice_id,
            Answer<std::string> answer) override {
    ++asked;
    answer(invoice_id);
  }
  std::int64_t asked = 0;
};

class InvoiceLookupTest : public testing::Test {
 protected:
  void Find(const std::string& invoice_id) {
    lookup_.Find({caller_, "", "request", SteadyTime::Never()}, invoice_id,
                 [&](absl::StatusOr<std::string> thread) { EXPECT_EQ(*thread, invoice_id); });
  }

  TempDir directory_;
  const Caller caller_{"org", "dana", "Dana", Role::kMember};
  std::unique_ptr<Database> database_ =
      *Database::Open("sqlite:" + directory_.File("comments.db"), CommentsMigrations());
  OpenDirectory invoices_;
  InvoiceLookup lookup_{*database_, &invoices_};
};

TEST_F(InvoiceLookupTest, NoMoreInvoicesAreRememberedThanItsLimitHoweverOftenTheyAreUsed) {
  constexpr int kRounds = 3;
  constexpr int kPerRound = kKnownInvoicesMax / 2;
  for (int round = 1; round <= kRounds; ++round) {
    // What is new pushes out; what is known already is used again and stays.
    for (int i = 0; i < round * kPerRound; ++i) Find(absl::StrCat("INV-", i));
    ASSERT_LE(lookup_.known(), kKnownInvoicesMax);
  }
  EXPECT_GT(lookup_.known(), kKnownInvoicesMax / 2);
}

TEST_F(InvoiceLookupTest, AKnownInvoiceIsNotAskedForAgainWhileOthersCome) {
  Find("INV-used");
  for (int i = 0; i < static_cast<int>(kKnownInvoicesMax); ++i) {
    Find(absl::StrCat("INV-", i));
    Find("INV-used");
  }
  EXPECT_EQ(invoices_.asked, 1 + static_cast<std::int64_t>(kKnownInvoicesMax));
}

}  // namespace
}  // namespace marginalia
