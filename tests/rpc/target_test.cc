#include "services/rpc/client/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace marginalia {
namespace {

using testing::HasSubstr;

TEST(TargetTest, WhatGrpcTakesStaysAsItIs) {
  for (const char* address :
       {"127.0.0.1:50051", "localhost:1", "[::1]:50051", "dns:///comments:50051",
        "dns:comments:50051", "dns://10.0.0.2:53/comments.prod.svc:50051", "unix:/run/comments",
        "ipv4:127.0.0.1:1,127.0.0.1:2", "ipv6:[::1]:1,[::1]:2"}) {
    EXPECT_EQ(*TargetOf(address), address);
  }
}

TEST(TargetTest, AListOfAddressesBecomesATarget) {
  EXPECT_EQ(*TargetOf("127.0.0.1:1,10.0.0.2:2"), "ipv4:127.0.0.1:1,10.0.0.2:2");
  EXPECT_EQ(*TargetOf("[::1]:1,[fd00::2]:2"), "ipv6:[::1]:1,[fd00::2]:2");
}

TEST(TargetTest, WhatIsNoTargetIsRefusedByThePartThatWillNotDo) {
  for (const auto& [address, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "\"\""},
           {"comments", "\"comments\""},
           {":50051", "\":50051\""},
           {"comments:", "\"comments:\""},
           {"comments:0", "\"comments:0\""},
           {"comments:65536", "\"comments:65536\""},
           {"comments:http", "\"comments:http\""},
           {"http://comments:80", "\"http://comments:80\""},
           {"dns:///", "\"\""},
           {"dns:///comments", "\"comments\""},
           {"unix:", "\"unix:\""},
           {"127.0.0.1:1,", "\"\""},
           {"127.0.0.1:1,comments:2", "\"comments:2\""},
           {"127.0.0.1:1,[::1]:2", "\"[::1]:2\""},
           {"comments:1,comments:2", "\"comments:1\""},
           {"ipv4:127.0.0.1:1,[::1]:2", "\"[::1]:2\""}}) {
    const auto target = TargetOf(address);
    ASSERT_FALSE(target.ok()) << address;
    EXPECT_THAT(std::string(target.status().message()), HasSubstr(part)) << address;
  }
}

}  // namespace
}  // namespace marginalia
