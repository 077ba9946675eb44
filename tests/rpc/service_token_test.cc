#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

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

// A pipe is a file that lets its reader hang, like a volume that is gone.
TEST(ServiceTokenTest, AFileThatHangsHoldsUpNobodyWhoNeedsTheToken) {
  const TempDir dir;
  std::ofstream(dir.File("token")) << "good";
  ServiceToken token(dir.File("token"));
  ASSERT_EQ(token.Current(), "good");
  const std::string pipe = dir.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_hard_link(pipe, dir.File("pipe.new"));
  std::filesystem::rename(dir.File("pipe.new"), dir.File("token"));
  std::atomic<bool> read = false;
  auto asked = std::async(std::launch::async, [&] {
    while (!read) {
      EXPECT_EQ(token.Current(), "good");
      std::this_thread::yield();
    }
  });
  // Once somebody is reading it.
  int writer = -1;
  ASSERT_TRUE(Await([&] { return (writer = open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; }));
  read = true;
  EXPECT_EQ(asked.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(write(writer, "next", 4), 4);
  close(writer);
  EXPECT_TRUE(Await([&] { return token.Current() == "next"; }));
  std::filesystem::remove(dir.File("token"));
  // It may have begun to read the pipe anew, which its writing changed.
  if ((writer = open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0) close(writer);
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
