#include "gateway/live/known_pages.h"

#include <gtest/gtest.h>

namespace marginalia {
namespace {

const ThreadVersions::Version kVersion{"00000000000000a1", 3};
const PageAsked kAsked{.org_id = "northlight", .invoice_id = "INV-1", .limit = 20};

HttpResponse Page(std::string body) {
  HttpResponse page;
  page.body = std::move(body);
  return page;
}

class KnownPagesTest : public testing::Test {
 protected:
  void Learn(const PageAsked& asked, std::string body) {
    pages_.Learn(asked, kVersion, Page(std::move(body)), pages_.Generation(asked));
  }
  std::string Found(const PageAsked& asked, const ThreadVersions::Version& version = kVersion) {
    const auto page = pages_.Find(asked, version);
    return page == nullptr ? "" : page->body;
  }

  KnownPages pages_;
};

TEST_F(KnownPagesTest, APageIsOfItsVersionAlone) {
  Learn(kAsked, "a page");
  EXPECT_EQ(Found(kAsked), "a page");
  EXPECT_EQ(Found(kAsked, {kVersion.log_id, 4}), "");
  EXPECT_EQ(Found(kAsked, {"00000000000000a2", 3}), "");
  EXPECT_EQ(pages_.found(), 1);
}

TEST_F(KnownPagesTest, EachQuestionHasItsOwnPage) {
  const PageAsked others[] = {
      {.org_id = "rivalworks", .invoice_id = "INV-1", .limit = 20},
      {.org_id = "northlight", .invoice_id = "INV-11", .limit = 20},
      {.org_id = "northlight", .invoice_id = "INV-1", .cursor = "1", .limit = 20},
      {.org_id = "northlight", .invoice_id = "INV-1", .limit = 2},
      {.org_id = "northlight", .invoice_id = "INV-1", .limit = 20, .coding = ContentCoding::kGzip},
  };
  Learn(kAsked, "a page");
  for (const PageAsked& other : others) EXPECT_EQ(Found(other), "");
}

TEST_F(KnownPagesTest, WhatWasAskedBeforeSomethingWasErasedIsNotKept) {
  const std::uint64_t before = pages_.Generation(kAsked);
  Learn(kAsked, "with the text");
  pages_.Forget();
  EXPECT_EQ(Found(kAsked), "");
  EXPECT_EQ(pages_.bytes(), 0U);
  pages_.Learn(kAsked, kVersion, Page("with the text"), before);
  EXPECT_EQ(Found(kAsked), "");
}

TEST_F(KnownPagesTest, TheyTakeNoMoreThanTheyMay) {
  KnownPages pages(1024 * 1024);
  for (int i = 0; i < 10'000; ++i) {
    const std::string invoice = "INV-" + std::to_string(i);
    const PageAsked asked{.org_id = "northlight", .invoice_id = invoice, .limit = 20};
    pages.Learn(asked, kVersion, Page(std::string(4'000, 'x')), pages.Generation(asked));
  }
  EXPECT_LE(pages.bytes(), 1024U * 1024);
  EXPECT_GT(pages.bytes(), 512U * 1024);
}

}  // namespace
}  // namespace marginalia
