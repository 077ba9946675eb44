#include <gtest/gtest.h>

#include <fstream>

#include "services/rpc/channel.h"
#include "tests/support/await.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

TEST(ServiceTokenTest, WithoutAPathThereIsNoToken) { EXPECT_EQ(ServiceToken("").Current(), ""); }

TEST(ServiceTokenTest, TheTokenIsReadWithoutTrailingWhiteSpace) {
  const TempDir dir;
  std::ofstream(dir.File("token")) << "a.b.c \r\n";
  EXPECT_EQ(ServiceToken(dir.File("token")).Current(), "a.b.c");
}

TEST(ServiceTokenTest, AFileThatComesLaterOrChangesIsReadAgain) {
  const TempDir dir;
  ServiceToken token(dir.File("token"));
  EXPECT_EQ(token.Current(), "");
  std::ofstream(dir.File("token")) << "first";
  EXPECT_TRUE(Await([&token] { return token.Current() == "first"; }));
  std::ofstream(dir.File("token")) << "second";
  EXPECT_TRUE(Await([&token] { return token.Current() == "second"; }));
  std::filesystem::remove(dir.File("token"));
  EXPECT_EQ(token.Current(), "second");
}

}  // namespace
}  // namespace marginalia
