#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "deploy/keys/token_mint.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/client/token_file.h"
#include "services/telemetry/metrics.h"
#include "tests/support/await.h"
#include "tests/support/http_client.h"
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

TEST(ServiceTokenTest, WhenTheTokenExpiresIsToldOnceThereIsOneThatSaysIt) {
  const TempDir dir;
  const auto mint = *TokenMint::Open(dir.File("keys"));
  ServiceToken token(dir.File("token"));
  Metrics metrics;
  token.AddMetrics(metrics);
  ASSERT_TRUE(metrics.Serve("127.0.0.1:0").ok());
  HttpClient client(metrics.address());
  const auto expiry = [&client] {
    const std::string text = client.Get("/metrics").body;
    const std::string name = "\nmarginalia_service_token_expiry_timestamp_seconds ";
    return std::stod(text.substr(text.find(name) + name.size()));
  };
  EXPECT_TRUE(std::isnan(expiry()));
  const absl::Time begin = absl::Now();
  for (const absl::Duration lifetime : {absl::Hours(1), absl::Hours(720), -absl::Minutes(1)}) {
    std::ofstream(dir.File("token")) << mint->Mint({.sub = "gateway", .role = "service"}, lifetime);
    const double least = absl::ToDoubleSeconds(begin + lifetime - absl::UnixEpoch()) - 1;
    EXPECT_TRUE(Await([&] { return expiry() >= least && expiry() < least + 60; }));
  }
  for (const char* other : {"no.token", "a.b.c", "e30.e30.e30", "e30.W10.e30", "e30.bnVsbA.e30"}) {
    EXPECT_EQ(ExpiryOf(other), std::nullopt) << other;
  }
  std::ofstream(dir.File("token")) << "a.b.c";
  EXPECT_TRUE(Await([&expiry] { return std::isnan(expiry()); }));
}

}  // namespace
}  // namespace marginalia
