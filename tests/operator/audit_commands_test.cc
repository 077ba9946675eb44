// The audit log as a file: exported whole and in parts, and verified without the service, whatever
// was done to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/operator/stack_under_operator.h"

namespace marginalia {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

OperatorOutcome Verify(const std::string& path, std::vector<std::string> more_flags = {}) {
  more_flags.insert(more_flags.begin(), {"audit-verify", "--from=" + path});
  return RunOperator(more_flags);
}

class AuditCommandsTest : public OperatorTest {};

TEST_F(AuditCommandsTest, AnExportVerifiesWithoutTheServiceAndWithEachReceipt) {
  const auto first = PostMany(1);
  // More than a page.
  const auto last = PostMany(130);
  const OperatorOutcome exported = Export(File("audit"));
  ASSERT_EQ(exported.exit_code, 0) << exported.error;
  EXPECT_THAT(exported.out, StartsWith("exported 131 entries, the last with number 131"));
  EXPECT_FALSE(std::filesystem::exists(File("audit.unfinished")));
  StopComments();
  const OperatorOutcome verified = Verify(File("audit"));
  EXPECT_EQ(verified.exit_code, 0) << verified.error;
  EXPECT_EQ(verified.out, "intact: 131 entries of northlight, the last at number 131 with hash " +
                              last.receipt().audit_hash() + "\n");
  for (const auto& receipt : {first.receipt(), last.receipt()}) {
    const OperatorOutcome proven =
        Verify(File("audit"),
               {"--number=" + std::to_string(receipt.number()), "--hash=" + receipt.audit_hash()});
    EXPECT_EQ(proven.exit_code, 0) << proven.error;
  }
}

TEST_F(AuditCommandsTest, PartsOfAnExportAreTheWhole) {
  PostMany(3);
  ASSERT_EQ(Export(File("first")).exit_code, 0);
  PostMany(2);
  const OperatorOutcome rest = Export(File("rest"), {"--after_number=3"});
  ASSERT_EQ(rest.exit_code, 0) << rest.error;
  EXPECT_THAT(rest.out, StartsWith("exported 2 entries"));
  ASSERT_EQ(Export(File("whole")).exit_code, 0);
  WriteWhole(File("parts"), ReadWhole(File("first")) + ReadWhole(File("rest")));
  EXPECT_EQ(ReadWhole(File("parts")), ReadWhole(File("whole")));
  const OperatorOutcome verified = RunOperator({"audit-verify", "--from=-"}, File("parts"));
  EXPECT_EQ(verified.exit_code, 0) << verified.error;
  // A part alone does not begin the chain.
  EXPECT_EQ(Verify(File("rest")).exit_code, 1);
  const OperatorOutcome printed = Export("-");
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_EQ(printed.out, ReadWhole(File("whole")));
  const OperatorOutcome nowhere = Export(File("nowhere"), {"--after_number=77"});
  EXPECT_EQ(nowhere.exit_code, 1);
  EXPECT_THAT(nowhere.error, HasSubstr("no entry of number 77"));
  EXPECT_FALSE(std::filesystem::exists(File("nowhere")));
}

TEST_F(AuditCommandsTest, WhoMayNotReadTheAuditLogExportsNothing) {
  PostMany(1);
  const OperatorOutcome member =
      RunOperator({"audit-export", "--comments_address=" + processes_.comments().address(),
                   "--token_path=" + File("dana.jwt"), "--to=" + File("audit")});
  EXPECT_EQ(member.exit_code, 2);
  EXPECT_THAT(member.error, HasSubstr("ROLE_TOO_LOW"));
  EXPECT_FALSE(std::filesystem::exists(File("audit")));
  EXPECT_FALSE(std::filesystem::exists(File("audit.unfinished")));
}

TEST_F(AuditCommandsTest, TheFirstBrokenLineIsNamedWhateverWasDoneToIt) {
  const auto last = PostMany(4);
  ASSERT_EQ(Export(File("audit")).exit_code, 0);
  const std::string whole = ReadWhole(File("audit"));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = whole.find('\n', at);
    lines.push_back(whole.substr(at, end + 1 - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 4u);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string line = lines[1];
    line.replace(line.find(from), from.size(), to);
    return lines[0] + line + lines[2] + lines[3];
  };
  const std::string hash = last.receipt().audit_hash();
  const struct {
    std::string file;
    std::string finding;
  } broken[] = {
      {replaced("dana", "evil"), "line 2: number 2 does not carry the hash"},
      {lines[0] + lines[2] + lines[3], "line 2: number 3 stands where 2 should"},
      {lines[0] + lines[1] + lines[1] + lines[2], "line 3: number 2 stands where 3 should"},
      {lines[1] + lines[0], "line 1: number 2 stands where 1 should"},
      {replaced("\"number\":2", "\"number\":\"2\""), "line 2: \"number\" is no whole number"},
      {replaced("\"number\":2", "\"number\":-2"), "line 2: \"number\" is no whole number"},
      {replaced("\"number\":2", "\"number\":2e0"), "line 2: \"number\" is no whole number"},
      {replaced("\"number\":2", "\"number\":99999999999999999999"), "line 2: "},
      {replaced("\"number\":2", "\"number\":1,\"number\":2"), "line 2: it has a member twice"},
      {replaced("\"org_id\"", "\"extra\":1,\"org_id\""), "line 2: it has a member twice, one too"},
      {replaced("\"org_id\"", "\"org\""), "line 2: it has no \"org_id\""},
      {replaced("\"action\":\"comment.added\"", "\"action\":null"), "\"action\" is no string"},
      {replaced("northlight", "southlight"), "line 2: number 2 is of tenant \"southlight\""},
      {replaced("\"hash\":\"", "\"hash\":\"zz"), "line 2: \"hash\" is not 64 hexadecimal digits"},
      {replaced("Z\"", "+01:00\""), "line 2: \"create_time\" is no time in UTC"},
      {lines[0] + "\n" + lines[1], "line 2: it is no JSON object"},
      {lines[0] + "[]\n", "line 2: it is no JSON object"},
      {lines[0] + std::string(5000, '[') + "\n", "line 2: it is no JSON object"},
      {lines[0] + "\"\xFF\"\n", "line 2: it is no JSON object"},
      {lines[0] + std::string(1, '\0') + "\n", "line 2: it is no JSON object"},
      {lines[0] + std::string(100'000, ' ') + lines[1], "line 2: it is longer than 65536 bytes"},
      {std::string(3'000'000, 'x'), "line 1: it is longer than 65536 bytes"},
      {whole.substr(0, whole.size() - 1), "line 4: the file breaks off in it"},
  };
  for (const auto& [file, finding] : broken) {
    WriteWhole(File("broken"), file);
    const OperatorOutcome outcome = Verify(File("broken"));
    EXPECT_EQ(outcome.exit_code, 1) << finding;
    EXPECT_THAT(outcome.error, HasSubstr(finding));
    EXPECT_EQ(outcome.out, "");
  }
  WriteWhole(File("cut"), lines[0] + lines[1]);
  EXPECT_EQ(Verify(File("cut")).exit_code, 0);
  const OperatorOutcome cut = Verify(File("cut"), {"--number=4", "--hash=" + hash});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_THAT(cut.error, HasSubstr("the log is cut off after number 2"));
  const OperatorOutcome other = Verify(File("audit"), {"--number=3", "--hash=" + hash});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.error, HasSubstr("line 3: number 3 carries another hash than its receipt"));
}

TEST_F(AuditCommandsTest, AnEmptyFileProvesNothing) {
  WriteWhole(File("empty"), "");
  const OperatorOutcome outcome = Verify(File("empty"));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("holds no entry, so there is nothing to verify"));
  const OperatorOutcome cut =
      Verify(File("empty"), {"--position=1", "--hash=" + std::string(64, 'a')});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_EQ(Verify(File("absent")).exit_code, 2);
}

}  // namespace
}  // namespace marginalia
