#include <gtest/gtest.h>

#include <string>

#include "services/errors/errors.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

TEST(PageTest, ThePageSizeHasADefaultAndALimit) {
  EXPECT_EQ(*PageSize(0), 20);
  EXPECT_EQ(*PageSize(1), 1);
  EXPECT_EQ(*PageSize(100), 100);
  EXPECT_EQ(*PageSize(101), 100);
  EXPECT_EQ(*PageSize(2'000'000'000, 1000), 1000);
}

TEST(PageTest, ANegativePageSizeIsRefusedNamingTheField) {
  const absl::Status refused = PageSize(-1).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldViolationsOf(refused).at(0).field, "page_size");
}

TEST(PageTest, ACursorComesBackForTheSameRequest) {
  const std::string token = MakePageToken("cursor", {"ListComments", "northlight", "INV-1042"});
  EXPECT_EQ(*ParsePageToken(token, {"ListComments", "northlight", "INV-1042"}), "cursor");
}

TEST(PageTest, ATokenOfAnotherRequestIsRefused) {
  const std::string token = MakePageToken("cursor", {"ListComments", "northlight", "INV-1042"});
  const absl::Status refused =
      ParsePageToken(token, {"ListComments", "northlight", "INV-1043"}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(FieldViolationsOf(refused).at(0).field, "page_token");
}

}  // namespace
}  // namespace marginalia
