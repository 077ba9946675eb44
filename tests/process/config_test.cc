#include "services/process/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace marginalia {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  int exit_code = -1;
  std::string output;
};

// Runs the probe through a shell, standard error included.
Outcome Probe(const std::string& arguments, const std::string& environment = "") {
  const std::string command = environment + " " + CONFIG_PROBE + " " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  Outcome outcome;
  char bytes[4096];
  for (std::size_t count; (count = fread(bytes, 1, sizeof(bytes), pipe)) > 0;) {
    outcome.output.append(bytes, count);
  }
  outcome.exit_code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

TEST(ConfigTest, DefaultsHoldWhenNothingIsSaid) {
  const Outcome outcome = Probe("");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.output, "page_count=7 start_new_log=0 color=green drain_grace=10s\n");
}

TEST(ConfigTest, AFlagIsWrittenWithAnEqualsSignOrASpace) {
  EXPECT_THAT(Probe("--page_count=8 --color red").output, HasSubstr("page_count=8"));
  EXPECT_THAT(Probe("--page_count=8 --color red").output, HasSubstr("color=red"));
  EXPECT_THAT(Probe("--color=a=b").output, HasSubstr("color=a=b"));
  EXPECT_THAT(Probe("--color=").output, HasSubstr("color= "));
}

TEST(ConfigTest, ABooleanFlagNeedsNoValueAndHasANegation) {
  EXPECT_THAT(Probe("--start_new_log").output, HasSubstr("start_new_log=1"));
  EXPECT_THAT(Probe("--start_new_log --nostart_new_log").output, HasSubstr("start_new_log=0"));
  EXPECT_THAT(Probe("--start_new_log=false").output, HasSubstr("start_new_log=0"));
}

TEST(ConfigTest, TheEnvironmentSetsAFlagAndTheCommandLineBeatsIt) {
  EXPECT_THAT(Probe("", "MARGINALIA_DRAIN_GRACE=3s").output, HasSubstr("drain_grace=3s"));
  EXPECT_THAT(Probe("--drain_grace=4s", "MARGINALIA_DRAIN_GRACE=3s").output,
              HasSubstr("drain_grace=4s"));
}

TEST(ConfigTest, AnUnknownFlagIsRefusedByName) {
  const Outcome outcome = Probe("--colour=red");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("config_probe: unknown flag --colour"));
  EXPECT_THAT(outcome.output, HasSubstr("--help"));
  EXPECT_EQ(Probe("--nocolor").exit_code, 2);
  EXPECT_EQ(Probe("--flagfile=x").exit_code, 2);
}

TEST(ConfigTest, ABadValueIsRefusedNamingTheFlagAndTheValue) {
  const Outcome outcome = Probe("--page_count=many");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("--page_count"));
  EXPECT_THAT(outcome.output, HasSubstr("\"many\""));
}

TEST(ConfigTest, ABadVariableIsRefusedByName) {
  const Outcome outcome = Probe("", "MARGINALIA_DRAIN_GRACE=soon");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("MARGINALIA_DRAIN_GRACE"));
}

TEST(ConfigTest, ANumberOutOfItsBoundsIsRefusedNamingThem) {
  for (const char* given :
       {"--page_count=0", "--page_count=1001", "--page_bytes=0", "--page_bytes=1099511627777",
        "--page_share=-0.1", "--page_share=1.1", "--page_share=nan", "--page_share=inf",
        "--page_age=1us", "--page_age=-1s", "--page_age=2h", "--page_age=-inf", "--drain_grace=inf",
        "--drain_grace=-1s", "--drain_grace=2h"}) {
    const Outcome outcome = Probe(given);
    EXPECT_EQ(outcome.exit_code, 2) << given;
    const std::string flag(given, std::string(given).find('='));
    EXPECT_THAT(outcome.output, HasSubstr(flag)) << given;
    EXPECT_THAT(outcome.output, HasSubstr("must be from ")) << given;
  }
  EXPECT_THAT(Probe("", "MARGINALIA_PAGE_COUNT=0").output, HasSubstr("from 1 to 1000"));
}

TEST(ConfigTest, BothEndsOfTheBoundsWillDo) {
  for (const char* given : {"--page_count=1", "--page_count=1000", "--page_bytes=1099511627776",
                            "--page_share=0", "--page_share=1", "--page_age=1ms", "--page_age=1h",
                            "--page_age=inf", "--drain_grace=0", "--drain_grace=1h"}) {
    EXPECT_EQ(Probe(given).exit_code, 0) << given;
  }
}

TEST(ConfigTest, ANumberWithoutBoundsIsAMistakeOfTheProgram) {
  const std::string command = std::string(CONFIG_PROBE_WITHOUT_BOUNDS) + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  char bytes[4096] = {};
  const std::size_t count = fread(bytes, 1, sizeof(bytes) - 1, pipe);
  EXPECT_EQ(WEXITSTATUS(pclose(pipe)), 2);
  EXPECT_THAT(std::string(bytes, count), HasSubstr("--page_number has no bounds"));
}

TEST(ConfigTest, HelpSaysTheBounds) {
  const std::string help = Probe("--help").output;
  EXPECT_THAT(help, HasSubstr("How many pages. [from 1 to 1000]"));
  EXPECT_THAT(help, HasSubstr("How old a page gets. [from 1ms to 1h, or inf]"));
}

TEST(ConfigTest, AMisspelledVariableIsRefusedByName) {
  const Outcome outcome = Probe("", "MARGINALIA_DRAIN_GRACES=3s");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("unknown environment variable MARGINALIA_DRAIN_GRACES"));
}

TEST(ConfigTest, AStrayArgumentIsRefused) {
  EXPECT_EQ(Probe("stray").exit_code, 2);
  EXPECT_EQ(Probe("-page_count=3").exit_code, 2);
  EXPECT_EQ(Probe("--").exit_code, 2);
  EXPECT_EQ(Probe("--color").exit_code, 2);
}

TEST(ConfigTest, HelpListsTheProcessesOwnFlagsWithDefaultAndVariable) {
  const Outcome outcome = Probe("--help");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("config_probe prints its configuration."));
  EXPECT_THAT(outcome.output, HasSubstr("--drain_grace=10s"));
  EXPECT_THAT(outcome.output, HasSubstr("MARGINALIA_DRAIN_GRACE"));
  EXPECT_THAT(outcome.output, HasSubstr("How many pages."));
  EXPECT_THAT(outcome.output, Not(HasSubstr("flagfile")));
  EXPECT_THAT(outcome.output, Not(HasSubstr("undefok")));
}

TEST(ConfigTest, AValueThatTheProcessRefusesEndsItWithTheReason) {
  const Outcome outcome = Probe("--color=black");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr("--color (or MARGINALIA_COLOR): black is no color"));
}

}  // namespace
}  // namespace marginalia
