#include "services/tokens/token_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>

#include "services/tokens/sealed_token.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using ::testing::HasSubstr;

const std::string kOld(64, 'a');
const std::string kNew(64, 'b');

class TokenKeysTest : public testing::Test {
 protected:
  ~TokenKeysTest() override { (void)UseTokenKeys(""); }

  std::string Write(const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_.File("token.key");
    // A new file each time, as whoever replaces one in one step makes it.
    std::ofstream(path + ".new") << text;
    chmod((path + ".new").c_str(), mode);
    std::rename((path + ".new").c_str(), path.c_str());
    return path;
  }
  // What is wrong with a file of this text.
  std::string Fault(const std::string& text, mode_t mode = 0600) {
    return std::string(ReadTokenKeys(Write(text, mode)).status().message());
  }

  TempDir directory_;
};

TEST_F(TokenKeysTest, EachLineIsAKeyOf32Bytes) {
  const auto keys = ReadTokenKeys(Write(kNew + "\n" + kOld + "\n"));
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(*keys, (std::vector<std::string>{std::string(32, '\xBB'), std::string(32, '\xAA')}));
}

TEST_F(TokenKeysTest, AFileThatIsNoneSaysWhatItMustHold) {
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += kOld + "\n";
  for (const std::string& text :
       {std::string(), std::string("\n"), kOld + "0", kOld.substr(1), std::string(64, 'g'),
        kOld + "\n\n" + kNew, nine, std::string(100'000, 'a')}) {
    EXPECT_THAT(Fault(text), HasSubstr("1 to 8 lines of 64 hexadecimal digits"));
  }
  EXPECT_THAT(std::string(ReadTokenKeys(directory_.File("none")).status().message()),
              HasSubstr("cannot read keys from "));
}

TEST_F(TokenKeysTest, AFileThatAnybodyCanReadIsRefused) {
  EXPECT_THAT(Fault(kOld, 0644), HasSubstr("can be read by anybody"));
  EXPECT_EQ(Fault(kOld, 0640), "");
}

TEST_F(TokenKeysTest, TheFirstKeySealsAndAllOpen) {
  ASSERT_TRUE(UseTokenKeys(Write(kOld)).ok());
  const std::string of_old = SealToken("p", {"x"});
  ASSERT_TRUE(UseTokenKeys(Write(kNew + "\n" + kOld)).ok());
  EXPECT_EQ(OpenToken(of_old, {"x"}), "p");
  const std::string of_new = SealToken("p", {"x"});
  ASSERT_TRUE(UseTokenKeys(Write(kNew)).ok());
  EXPECT_FALSE(OpenToken(of_old, {"x"}).has_value());
  EXPECT_EQ(OpenToken(of_new, {"x"}), "p");
}

TEST_F(TokenKeysTest, AFileThatChangesIsReadAgainAndABadOneIsNot) {
  ASSERT_TRUE(UseTokenKeys(Write(kOld)).ok());
  const std::string of_old = SealToken("p", {"x"});
  Write(kNew);
  // Looked at once a second.
  while (SealToken("p", {"x"}) == of_old) std::this_thread::yield();
  const std::string of_new = SealToken("p", {"x"});
  EXPECT_FALSE(OpenToken(of_old, {"x"}).has_value());
  Write("half a k");
  Write(kOld + "\n" + kNew);
  while (SealToken("p", {"x"}) == of_new) std::this_thread::yield();
  EXPECT_EQ(OpenToken(of_new, {"x"}), "p");
  EXPECT_EQ(OpenToken(of_old, {"x"}), "p");
}

}  // namespace
}  // namespace marginalia
