// The record on paper, and the links that lead to it.
#include <gmock/gmock.h>

#include "comments-service/record/evidence.h"
#include "services/errors/errors.h"
#include "tests/gateway/pages_fixture.h"
#include "tests/record/evidence_under_test.h"

namespace marginalia {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kRecord[] = "/invoices/INV-1042/record";

class RecordPageTest : public PagesFixture {
 protected:
  RecordPageTest() {
    comments_->SetEvidence(WriteEvidence(MakeEvidence(false).evidence), 1000);
    StartGateway();
    AwaitReady();
  }
};

TEST_F(RecordPageTest, AllThatWasSaidStandsThereWithWhatIsProven) {
  const HttpAnswer page = Page(kRecord);
  ASSERT_EQ(page.status, 200) << page.body;
  for (const char* shown :
       {"Record of invoice INV-1042", "What is proven", "Edited by", "Removed by",
        "This text was erased", "This text was removed, and admins alone are shown it.",
        "Resolved, by", "1 comment is from before the record covered words",
        "marginalia.dev/checkpoint+00c0ffee+AQ", "href=\"/api/invoices/INV-1042/evidence\""}) {
    EXPECT_THAT(page.body, HasSubstr(shown));
  }
  EXPECT_THAT(page.body, HasSubstr("11 entries of the record, 4 texts, 1 erased, 1 removed."));
}

TEST_F(RecordPageTest, WhatCannotBeShownIsTold) {
  comments_->SetEvidence("{\"format\":\"another\"}", 100);
  EXPECT_EQ(Page(kRecord).status, 500);
  comments_->SetEvidence(std::string(9 << 20, 'x'), 64 << 10);
  const HttpAnswer long_one = Page(kRecord);
  EXPECT_EQ(long_one.status, 400);
  EXPECT_THAT(long_one.body, HasSubstr("download its evidence instead"));
  comments_->FailNext(Refusal(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW", "for members"));
  EXPECT_EQ(Page(kRecord).status, 403);
  EXPECT_EQ(Page("/invoices/INV-7/record").status, 404);
}

TEST_F(RecordPageTest, TheInvoiceLeadsThereWhomeverItIsFor) {
  const auto doors = HasSubstr("<a href=\"/invoices/INV-1042/record\">Print the record</a>");
  const auto file = HasSubstr("<a href=\"/api/invoices/INV-1042/evidence\" download>");
  EXPECT_THAT(Page(kPage).body, Not(doors));
  comments_->Post(kOrg, kInvoiceId, "Something to prove.");
  EXPECT_THAT(Page(kPage).body, doors);
  EXPECT_THAT(Page(kPage).body, file);
  EXPECT_THAT(Page(kPage, As("sam", "viewer")).body, Not(doors));
  EXPECT_THAT(Page(kPage, As("sam", "viewer")).body, Not(file));
}

}  // namespace
}  // namespace marginalia
