// The command line of marginalia-operator: what it refuses, and how it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/operator/operator_run.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

TEST(OperatorFlagsTest, EachCommandHasHelpWithItsFlagsAndAnExample) {
  const struct {
    const char* command;
    const char* flag;
  } commands[] = {{"backup", "--database_url"},
                  {"restore", "--replace=false"},
                  {"audit-export", "--after_number=0"},
                  {"audit-verify", "--position=0"},
                  {"erasures-replay", "--from"},
                  {"audit-monitor", "--interval=1m"},
                  {"evidence-export", "--invoice"},
                  {"evidence-verify", "--from"},
                  {"checkpoint-key-init", "--to"},
                  {"health", "--address"},
                  {"projection-verify", "--upstream_ca_path"},
                  {"projection-rebuild", "--invoices_address=127.0.0.1:50052"}};
  const OperatorOutcome all = RunOperator({"--help"});
  EXPECT_EQ(all.exit_code, 0);
  for (const auto& [command, flag] : commands) {
    EXPECT_THAT(all.out, HasSubstr(std::string("\n  ") + command + " "));
    const OperatorOutcome help = RunOperator({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out, HasSubstr(std::string("\n  ") + flag + "\n"));
    EXPECT_THAT(help.out, HasSubstr(std::string("\nExample:\n  marginalia-operator ") + command));
    EXPECT_THAT(help.out, HasSubstr("Exits with"));
  }
}

TEST(OperatorFlagsTest, WhatCannotBeReadIsNamedAndExitsWithTwo) {
  const TempDir directory;
  WriteWhole(directory.File("empty"), " \n");
  WriteWhole(directory.File("token"), "token");
  WriteWhole(directory.File("two"), "one\r\ntwo\n");
  const struct {
    std::vector<std::string> arguments;
    std::string error;
  } refused[] = {
      {{}, "Usage: marginalia-operator COMMAND"},
      {{"back-up"}, "there is no command \"back-up\""},
      {{"backup", "comments.db"}, "stray argument \"comments.db\""},
      {{"backup", "--replace"}, "unknown flag --replace"},
      {{"backup", "--from=x"}, "unknown flag --from"},
      {{"backup", "--to"}, "--to needs a value: --to=value"},
      {{"backup", "--to=a", "--to=b"}, "--to is given twice"},
      {{"backup", "--to=a"}, "--database_url is required"},
      {{"backup", "--database_url=sqlite:x"}, "--to is required"},
      {{"backup", "--database_url=comments.db", "--to=a"}, "--database_url: a database url begins"},
      {{"backup", "--database_url=postgresql://u:secret@db/marginalia", "--to=a"},
       "as a superuser or a role with BYPASSRLS and never with --enable-row-security"},
      {{"restore", "--database_url=postgresql://u:secret@db/marginalia", "--from=a"},
       "postgresql://db/marginalia is a PostgreSQL server's"},
      {{"restore", "--database_url=sqlite:x"}, "--from is required"},
      {{"restore", "--replace=perhaps"}, "--replace: \"perhaps\" will not do"},
      {{"audit-export", "--after_number=-1"}, "--after_number must not be negative"},
      {{"audit-export", "--after_number=many"}, "--after_number: \"many\" will not do"},
      {{"audit-export", "--to=a"}, "--token_path is required"},
      {{"audit-export", "--to=a", "--token_path=" + directory.File("empty")}, "holds no token"},
      {{"audit-export", "--to=a", "--token_path=" + directory.File("absent")}, "holds no token"},
      {{"audit-export", "--to=a", "--token_path=" + directory.File("two")}, "no single token"},
      {{"audit-export", "--to=a", "--token_path=/dev/zero"}, "no single token"},
      {{"audit-export", "--to=a", "--token_path=" + directory.File("token"),
        "--comments_address=http://127.0.0.1:1"},
       "write host:port"},
      {{"audit-verify"}, "--from is required"},
      {{"audit-monitor"}, "--state is required"},
      {{"audit-monitor", "--state=a"}, "--key is required"},
      {{"audit-monitor", "--state=a", "--key=x"}, "neither a file that can be read, nor a key"},
      {{"evidence-export", "--to=a"}, "--invoice is required"},
      {{"evidence-export", "--invoice=a"}, "--to is required"},
      {{"evidence-export", "--invoice=a", "--to=a"}, "--token_path is required"},
      {{"audit-verify", "--from=a", "--position=3"}, "--hash goes with --number or --position"},
      {{"audit-verify", "--from=a", "--hash=" + std::string(64, 'a')}, "--position goes with"},
      {{"audit-verify", "--from=a", "--position=3", "--hash=" + std::string(64, 'G')},
       "64 hexadecimal digits"},
      {{"projection-verify"}, "--token_path is required"},
      {{"projection-verify", "--token_path=" + directory.File("token"),
        "--upstream_ca_path=" + directory.File("absent")},
       directory.File("absent")},
      {{"projection-verify", "--token_path=" + directory.File("token"),
        "--upstream_key_path=" + directory.File("token")},
       "is needed with --upstream_key_path"},
  };
  for (const auto& [arguments, error] : refused) {
    const OperatorOutcome outcome = RunOperator(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << error;
    EXPECT_THAT(outcome.error, HasSubstr(error));
    EXPECT_THAT(outcome.error, Not(HasSubstr("secret")));
    EXPECT_EQ(outcome.out, "");
  }
}

}  // namespace
}  // namespace marginalia
