#include <gtest/gtest.h>

#include <fstream>

#include "services/rpc/client/channel.h"
#include "services/rpc/client/token_file.h"
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

TEST(ServiceTokenTest, AFileWithMoreThanATokenIsNotUsedAndTheLastTokenStays) {
  const TempDir dir;
  std::ofstream(dir.File("token")) << "good";
  ServiceToken token(dir.File("token"));
  EXPECT_EQ(token.Current(), "good");
  // A carriage return in metadata would end the process.
  for (const std::string& bad :
       {std::string("a.b\r\nc"), std::string(kTokenFileBytesMax + 1, 'a')}) {
    std::ofstream(dir.File("token")) << bad;
    EXPECT_EQ(ReadTokenFile(dir.File("token")).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ServiceToken(dir.File("token")).Current(), "");
    EXPECT_EQ(token.Current(), "good");
  }
}

}  // namespace
}  // namespace marginalia
