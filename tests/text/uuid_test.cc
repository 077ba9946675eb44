#include "services/text/uuid.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace marginalia {
namespace {

TEST(UuidTest, TheFormOfSection4IsReadInAnyCase) {
  EXPECT_TRUE(IsUuid("018F4E2A-9c3b-7D10-8A55-0242AC120002"));
  EXPECT_EQ(CanonicalUuid("018F4E2A-9c3b-7D10-8A55-0242AC120002"),
            "018f4e2a-9c3b-7d10-8a55-0242ac120002");
}

TEST(UuidTest, AnyOtherFormIsNone) {
  for (const char* text :
       {"", "7", "018f4e2a9c3b7d108a550242ac120002", "018f4e2a-9c3b-7d10-8a55-0242ac12000",
        "{018f4e2a-9c3b-7d10-8a55-0242ac1200}", "018f4e2a-9c3b-7d10-8a55-0242ac12000g",
        "018f4e2a-9c3b-7d10-8a550-242ac120002", "018f4e2a9c3b7d108a550242ac1200020000",
        "018f4e2a-9c3b7d10-8a55-0242ac12000200", "018f4e2a-9c3b-7d10-8a55-0242ac12000\n",
        "{018f4e2a-9c3b-7d10-8a55-0242ac120002}"}) {
    EXPECT_FALSE(IsUuid(text)) << text;
    EXPECT_FALSE(CanonicalUuid(text).has_value()) << text;
  }
}

TEST(UuidTest, NilAndMaxAreUuidsThatNobodyMayChoose) {
  for (const char* text :
       {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}) {
    EXPECT_TRUE(IsUuid(text));
    EXPECT_TRUE(IsNilOrMaxUuid(CanonicalUuid(text).value())) << text;
  }
  EXPECT_FALSE(IsNilOrMaxUuid("00000000-0000-0000-0000-000000000001"));
}

TEST(UuidTest, FreshOnesAreCanonicalVersion7AndSortByTime) {
  const absl::Time time = absl::FromUnixMillis(0x0123456789AB);
  const std::string id = NewUuid(time);
  EXPECT_EQ(CanonicalUuid(id), id);
  EXPECT_EQ(id.substr(0, 15), "01234567-89ab-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_LT(id, NewUuid(time + absl::Milliseconds(1)));
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(NewUuid(time));
  EXPECT_EQ(ids.size(), 1000U);
}

}  // namespace
}  // namespace marginalia
