// Keys, evidence and exports of format 2, verified by the real program without a service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "comments-service/record/checkpoint.h"
#include "comments-service/record/commitment.h"
#include "comments-service/record/merkle_tree.h"
#include "deploy/operator/audit/audit_line.h"
#include "deploy/operator/audit/printable.h"
#include "tests/operator/operator_run.h"
#include "tests/record/evidence_under_test.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

class EvidenceCommandsTest : public testing::Test {
 protected:
  std::string File(const std::string& name) const { return directory_.File(name); }
  std::string Written(const std::string& name, const std::string& text) const {
    WriteWhole(File(name), text);
    return File(name);
  }
  OperatorOutcome VerifyEvidence(const std::string& text, const std::string& key) const {
    return RunOperator({"evidence-verify", "--from=" + Written("evidence", text), "--key=" + key});
  }

 private:
  TempDir directory_;
};

TEST_F(EvidenceCommandsTest, AKeyIsMadeForItsOwnerOnlyAndItsVerifierForEverybody) {
  const OperatorOutcome made = RunOperator({"checkpoint-key-init", "--to=" + File("key.pem")});
  ASSERT_EQ(made.exit_code, 0) << made.error;
  EXPECT_EQ(ModeOf(File("key.pem")), 0600u);
  EXPECT_EQ(ModeOf(File("key.vkey")), 0644u);
  EXPECT_EQ(made.out, ReadWhole(File("key.vkey")));
  const auto keys = SigningKey::FromPem(ReadWhole(File("key.pem")));
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->front().Verifier(kCheckpointKeyName).Text() + "\n", made.out);

  const std::string before = ReadWhole(File("key.pem"));
  for (const std::string name : {"key.pem", "key.other", "new.vkey", "absent/key.pem"}) {
    const OperatorOutcome refused = RunOperator({"checkpoint-key-init", "--to=" + File(name)});
    EXPECT_EQ(refused.exit_code, 2) << name;
    EXPECT_EQ(refused.out, "") << name;
  }
  EXPECT_EQ(ReadWhole(File("key.pem")), before);
  EXPECT_EQ(ModeOf(File("key.other")), 0u);
}

TEST_F(EvidenceCommandsTest, EvidenceIsToldInPlainWordsWithItsThread) {
  const EvidenceUnderTest made = MakeEvidence();
  const OperatorOutcome told = VerifyEvidence(WriteEvidence(made.evidence), made.verifier().Text());
  EXPECT_EQ(told.exit_code, 0) << told.error;
  EXPECT_THAT(told.out,
              AllOf(HasSubstr("#2  D\u00E4na (dana), 2023-11-14 22:13:40 UTC\n    Is this paid?\n"),
                    HasSubstr("    edited by D\u00E4na (dana), 2023-11-14 22:14:00 UTC\n"
                              "    Is this paid in full?\n    I think so \U0001F642\n"),
                    HasSubstr("    removed by D\u00E4na (dana), 2023-11-14 22:14:20 UTC: wrong"),
                    HasSubstr("    [erased]\n"), HasSubstr("\nResolved by D\u00E4na (dana)"),
                    HasSubstr("  11 entries of the record are in the tree"),
                    HasSubstr("  4 texts are word for word"),
                    HasSubstr("  1 text is erased; that it was there, and when, is proven"),
                    HasSubstr("  1 text is older than commitments"),
                    HasSubstr("\nAll that this file says holds. Whether it is all")));
  EXPECT_THAT(told.out, Not(HasSubstr("Fails")));
  const EvidenceUnderTest members = MakeEvidence(false);
  const OperatorOutcome without = VerifyEvidence(
      WriteEvidence(members.evidence), Written("keys", "\n" + members.verifier().Text() + "\n"));
  EXPECT_EQ(without.exit_code, 0) << without.error;
  EXPECT_THAT(without.out, AllOf(HasSubstr("[removed; this file does not show it]"),
                                 HasSubstr("  1 text of a removed comment is not in this file")));
}

TEST_F(EvidenceCommandsTest, WhatFailsIsNamedAndExitsWithOne) {
  EvidenceUnderTest made = MakeEvidence();
  const std::string key = made.verifier().Text();
  made.evidence.comments[1].revisions[0].body = "Paid in full, thanks.";
  const OperatorOutcome changed = VerifyEvidence(WriteEvidence(made.evidence), key);
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.out, HasSubstr("\nFails:\n  revision 1 of comment 2 "
                                     "(0190c6a8-0000-7000-8000-000000000002) does not say what "
                                     "entry 3 committed to\n"));
  EXPECT_THAT(changed.error, HasSubstr("1 of what it says does not hold; first: revision 1"));

  const OperatorOutcome other_key =
      VerifyEvidence(WriteEvidence(made.evidence), MakeEvidence().verifier().Text());
  EXPECT_EQ(other_key.exit_code, 1);
  EXPECT_THAT(other_key.out, AllOf(HasSubstr("not signed by a key that is known"),
                                   HasSubstr("Proven:\n  3 texts"), Not(HasSubstr("holds."))));
  const OperatorOutcome broken = VerifyEvidence("{}\n", key);
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.error, HasSubstr("the file has no \"format\""));
}

TEST_F(EvidenceCommandsTest, WhatCannotBeVerifiedExitsWithTwo) {
  const std::string from = "--from=" + Written("evidence", "{}");
  const struct {
    std::vector<std::string> arguments;
    std::string why;
  } refused[] = {
      {{"evidence-verify"}, "--from is required"},
      {{"evidence-verify", from}, "--key is required"},
      {{"evidence-verify", from, "--key=none"}, "neither a file that can be read, nor a key"},
      {{"evidence-verify", from, "--key=" + Written("bad", "none\n")}, "no verifier's key"},
      {{"evidence-verify", from, "--key=" + Written("empty", "\n")}, "there is none"},
      {{"evidence-verify", "--from=" + File("absent"), "--key=" + MakeEvidence().verifier().Text()},
       "cannot open"},
      {{"checkpoint-key-init"}, "--to is required"},
  };
  for (const auto& [arguments, why] : refused) {
    const OperatorOutcome outcome = RunOperator(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << why;
    EXPECT_THAT(outcome.error, HasSubstr(why));
  }
}

TEST(PrintableTest, NothingMovesTheCursorOrTurnsTheLineAround) {
  EXPECT_EQ(Printable("a\x1B[31mb\u202Ec\nd\u0085\u200B"),
            "a\\u{1b}[31mb\\u{202e}c\\u{a}d\\u{85}\\u{200b}");
  EXPECT_EQ(Printable("one\ntwo\r", "  "), "  one\n  two\\u{d}");
  EXPECT_EQ(Printable("Gr\u00FC\u00DFe \U0001F642"), "Gr\u00FC\u00DFe \U0001F642");
}

// A log of two entries of format 1 and three of format 2, and the checkpoint of its first four.
class ExportOfBothFormats : public EvidenceCommandsTest {
 protected:
  ExportOfBothFormats() {
    std::string previous;
    GrowingTree tree;
    for (int i = 1; i <= 5; ++i) {
      AuditEntry entry{.format = i <= 2 ? 1 : 2,
                       .number = i,
                       .position = 10 * i,
                       .org_id = "northlight",
                       .actor_id = "dana",
                       .actor_name = "Dana",
                       .name_commitment = i <= 2 ? "" : Commitment(NewSalt(), "Dana"),
                       .action = std::string(i == 5 ? kActionResolved : kActionAdded),
                       .invoice_id = "INV-1042",
                       .comment_id = i == 5 ? "" : "c",
                       .revision = i == 5 ? 0 : 1,
                       .content_commitment = i == 5 ? "" : Commitment(NewSalt(), "text"),
                       .reason = "",
                       .request_id = "r",
                       .create_time = absl::FromUnixMicros(1'700'000'000'000'000 + i),
                       .hash = ""};
      entry.hash = EntryHash(previous, entry);
      tree.Add(EntryLeaf(previous, entry));
      previous = entry.hash;
      lines_.push_back(AuditLine(entry) + "\n");
      hashes_.push_back(entry.hash);
      if (i == 4) checkpoint_ = Signed(tree, "northlight");
      if (i == 4) foreign_checkpoint_ = Signed(tree, "southlight");
    }
  }

  std::string Signed(const GrowingTree& tree, const std::string& org_id) const {
    return SignNote(
        CheckpointText(
            {.origin = CheckpointOrigin("00ff", org_id), .size = tree.size(), .root = tree.Root()}),
        kCheckpointKeyName, {{key_}});
  }
  std::string Whole() const { return lines_[0] + lines_[1] + lines_[2] + lines_[3] + lines_[4]; }
  OperatorOutcome Verify(const std::string& text, std::vector<std::string> flags = {}) const {
    flags.insert(flags.begin(), {"audit-verify", "--from=" + Written("audit", text)});
    return RunOperator(flags);
  }
  OperatorOutcome VerifyWith(const std::string& text, const std::string& checkpoint) const {
    return Verify(text, {"--checkpoint=" + Written("checkpoint", checkpoint),
                         "--key=" + key_.Verifier(kCheckpointKeyName).Text()});
  }
  std::string Replaced(int line, const std::string& from, const std::string& to) const {
    std::string whole = Whole();
    const std::size_t begin = whole.find(lines_[static_cast<std::size_t>(line - 1)]);
    return whole.replace(whole.find(from, begin), from.size(), to);
  }

  SigningKey key_ = SigningKey::Make();
  std::vector<std::string> lines_;
  std::vector<std::string> hashes_;
  std::string checkpoint_;
  std::string foreign_checkpoint_;
};

TEST_F(ExportOfBothFormats, VerifiesByChainReceiptAndCheckpoint) {
  const OperatorOutcome verified = Verify(Whole());
  EXPECT_EQ(verified.exit_code, 0) << verified.error;
  EXPECT_EQ(verified.out,
            "intact: 5 entries of northlight, the last at number 5 with hash " + hashes_[4] + "\n");
  EXPECT_EQ(Verify(Whole(), {"--number=3", "--hash=" + hashes_[2]}).exit_code, 0);
  EXPECT_EQ(Verify(Whole(), {"--number=1", "--hash=" + hashes_[0]}).exit_code, 0);
  EXPECT_EQ(Verify(Whole(), {"--position=20", "--hash=" + hashes_[1]}).exit_code, 0);
  const OperatorOutcome with = VerifyWith(Whole(), checkpoint_);
  EXPECT_EQ(with.exit_code, 0) << with.error;
}

TEST_F(ExportOfBothFormats, WhatWasDoneToItIsNamed) {
  const std::string cut = lines_[0] + lines_[1] + lines_[2];
  const struct {
    OperatorOutcome outcome;
    std::string finding;
  } broken[] = {
      {Verify(Replaced(3, "dana", "evil")), "line 3: number 3 does not carry the hash"},
      {Verify(Replaced(3, "\"reason\":\"\"", "\"reason\":\"x\"")), "line 3: number 3 does not"},
      {Verify(Replaced(4, "\"revision\":1", "\"revision\":2")), "line 4: number 4 does not"},
      {Verify(Replaced(4, "\"number\":4", "\"number\":5")), "line 4: number 5 stands where 4"},
      {Verify(Replaced(4, "\"number\":4", "\"number\":0")), "\"number\" is no whole number from 1"},
      {Verify(Replaced(4, "\"format\":2", "\"format\":3")), "line 4: \"format\" is not 2"},
      {Verify(lines_[0] + lines_[1] + lines_[3]), "line 3: number 4 stands where 3 should"},
      {Verify(lines_[0] + lines_[1] + lines_[2] + lines_[1]),
       "line 4: position 20 does not carry the hash"},
      {Verify(cut, {"--number=4", "--hash=" + hashes_[3]}), "the log is cut off after number 3"},
      {Verify(Whole(), {"--number=4", "--hash=" + hashes_[4]}), "another hash than its receipt"},
      {VerifyWith(cut, checkpoint_), "cut off after 3 entries, and the checkpoint signs 4"},
      {VerifyWith(Whole(), foreign_checkpoint_), "the checkpoint is of marginalia.dev/00ff/south"},
      {VerifyWith(Whole(), checkpoint_ + "x"), "no signed note"},
      {Verify(Whole(), {"--checkpoint=" + Written("other", checkpoint_),
                        "--key=" + MakeEvidence().verifier().Text()}),
       "not signed by a key that is known"},
  };
  for (const auto& [outcome, finding] : broken) {
    EXPECT_EQ(outcome.exit_code, 1) << finding;
    EXPECT_THAT(outcome.error, HasSubstr(finding));
    EXPECT_EQ(outcome.out, "");
  }
}

// Written anew from an entry on, with every hash made to fit: only a checkpoint shows it.
TEST_F(ExportOfBothFormats, AHistoryThatWasWrittenAnewIsWholeInItselfAndFailsAtTheCheckpoint) {
  std::string anew = lines_[0];
  std::string previous = hashes_[0];
  for (int i = 1; i < 5; ++i) {
    std::string line = lines_[static_cast<std::size_t>(i)];
    line.pop_back();
    AuditEntry entry = *ParseAuditLine(line);
    entry.actor_id = "evil";
    entry.hash = previous = EntryHash(previous, entry);
    anew += AuditLine(entry) + "\n";
  }
  EXPECT_EQ(Verify(anew).exit_code, 0);
  const OperatorOutcome outcome = VerifyWith(anew, checkpoint_);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("not those that the checkpoint signs: the log was written"));
}

TEST_F(ExportOfBothFormats, FlagsThatDoNotGoTogetherAreRefused) {
  const std::string hash = "--hash=" + hashes_[0];
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"--number=1"},
           {hash},
           {"--number=1", "--position=1", hash},
           {"--number=-1", hash},
           {"--number=1", "--hash=x"},
           {"--checkpoint=" + Written("checkpoint", checkpoint_)},
           {"--checkpoint=" + File("absent"), "--key=" + MakeEvidence().verifier().Text()}}) {
    const OperatorOutcome outcome = Verify(Whole(), flags);
    EXPECT_EQ(outcome.exit_code, 2) << flags.front();
    EXPECT_NE(outcome.error, "");
  }
}

}  // namespace
}  // namespace marginalia
