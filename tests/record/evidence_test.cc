#include "comments-service/record/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <string>
#include <vector>

#include "comments-service/record/evidence_check.h"
#include "tests/record/by_the_book.h"
#include "tests/record/evidence_under_test.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// What is wrong with a file's text, whoever finds it; empty when nothing is.
std::string Finding(const std::string& text, const VerifierKey& key) {
  const absl::StatusOr<Evidence> read = ReadEvidence(text);
  if (!read.ok()) return std::string(read.status().message());
  const EvidenceVerdict verdict = CheckEvidence(*read, {{key}});
  return verdict.failures.empty() ? "" : verdict.failures.front();
}

// Calls `visit` for each value that has no members, with where it stands, while it may be changed.
void ForEachValue(json::value& value, const std::string& path,
                  const std::function<void(const std::string&, json::value&)>& visit) {
  if (value.is_object()) {
    for (auto& member : value.get_object()) {
      const json::string_view key = member.key();
      ForEachValue(member.value(), path + "." + std::string(key.data(), key.size()), visit);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      ForEachValue(value.get_array()[i], path + "[" + std::to_string(i) + "]", visit);
    }
  } else {
    visit(path, value);
  }
}

json::value Changed(const json::value& value) {
  if (value.is_bool()) return !value.get_bool();
  if (value.is_int64()) return value.get_int64() + 1;
  std::string text(value.get_string().data(), value.get_string().size());
  // A time stays one, and base64 stays base64.
  const std::size_t place = text.size() > 4 ? text.size() - 4 : 0;
  if (text.empty()) {
    text = "x";
  } else {
    text[place] = text[place] == '1' ? '2' : '1';
  }
  return json::string(text);
}

TEST(EvidenceTest, WhatIsWrittenIsReadAndProvenAndAlwaysTheSameBytes) {
  const EvidenceUnderTest made = MakeEvidence();
  const std::string text = WriteEvidence(made.evidence);
  const absl::StatusOr<Evidence> read = ReadEvidence(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(WriteEvidence(*read), text);
  const EvidenceVerdict verdict = CheckEvidence(*read, {{made.verifier()}});
  EXPECT_THAT(verdict.failures, IsEmpty());
  EXPECT_EQ(verdict.entries_proven, 11);
  EXPECT_EQ(verdict.texts_proven, 4);
  EXPECT_EQ(verdict.texts_erased, 1);
  EXPECT_EQ(verdict.texts_withheld, 0);
  EXPECT_EQ(verdict.texts_uncovered, 1);
  EXPECT_EQ(verdict.checkpoint.size, 14);
}

TEST(EvidenceTest, AMembersFileProvesARemovedTextWithoutShowingIt) {
  const EvidenceUnderTest made = MakeEvidence(false);
  const std::string text = WriteEvidence(made.evidence);
  EXPECT_EQ(text.find("Sent to the wrong thread"), text.npos);
  const EvidenceVerdict verdict = CheckEvidence(*ReadEvidence(text), {{made.verifier()}});
  EXPECT_THAT(verdict.failures, IsEmpty());
  EXPECT_EQ(verdict.texts_withheld, 1);
  EXPECT_EQ(verdict.texts_proven, 3);
}

TEST(EvidenceTest, AnotherVerifierReadsItByTheDescription) {
  const EvidenceUnderTest made = MakeEvidence();
  const auto verify = [&](const Evidence& evidence) {
    return VerifyByTheBook("evidence",
                           json::serialize(json::object{{"key", made.verifier().Text()},
                                                        {"evidence", WriteEvidence(evidence)}}));
  };
  const BookVerdict verdict = verify(made.evidence);
  EXPECT_EQ(verdict.said, "11 entries, 4 texts\n");
  EXPECT_EQ(verdict.exit_code, 0);
  Evidence changed = made.evidence;
  changed.comments[1].revisions[1].body = "Paid in full, thanks.";
  EXPECT_THAT(verify(changed).said, HasSubstr("text of revision 2"));
  changed = made.evidence;
  changed.entries[3].entry.create_time += absl::Seconds(1);
  EXPECT_THAT(verify(changed).said, HasSubstr("hash of entry 5"));
}

// Every value of the file, one after the other. What no entry covers is told by name: the text of a
// comment from before there were commitments.
TEST(EvidenceTest, AnyValueThatIsChangedIsFound) {
  const EvidenceUnderTest made = MakeEvidence();
  const json::value whole = json::parse(WriteEvidence(made.evidence));
  std::vector<std::string> unseen;
  int values = 0;
  json::value changed = whole;
  ForEachValue(changed, "", [&](const std::string& path, json::value& value) {
    const json::value before = value;
    value = Changed(before);
    const std::string finding = Finding(json::serialize(changed) + "\n", made.verifier());
    if (finding.empty()) unseen.push_back(path);
    value = before;
    ++values;
  });
  EXPECT_GT(values, 200);
  EXPECT_THAT(unseen, ElementsAre(".comments[0].revisions[0].body"));
}

// Each comment, revision and entry left out, doubled and swapped with the next. That the thread was
// resolved and reopened once before, no later entry says: such an entry can be left out.
TEST(EvidenceTest, WhateverIsLeftOutDoubledOrSwappedIsFound) {
  const EvidenceUnderTest made = MakeEvidence();
  const auto expect_found = [&](const Evidence& evidence, const std::string& what) {
    EXPECT_NE(Finding(WriteEvidence(evidence), made.verifier()), "") << what;
  };
  const auto was_overtaken = [](const AuditEntry& entry, const std::string& what) {
    return what == "entry" && entry.comment_id.empty() && entry.number < 13;
  };
  const auto touch = [&](auto list_of, const std::string& what) {
    for (std::size_t i = 0; i < list_of(const_cast<Evidence&>(made.evidence)).size(); ++i) {
      Evidence evidence = made.evidence;
      auto& left_out = list_of(evidence);
      left_out.erase(left_out.begin() + static_cast<std::ptrdiff_t>(i));
      if (!was_overtaken(made.evidence.entries[i].entry, what)) {
        expect_found(evidence, what + " left out " + std::to_string(i));
      }
      evidence = made.evidence;
      auto& doubled = list_of(evidence);
      const auto copy = doubled[i];
      doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), copy);
      expect_found(evidence, what + " doubled " + std::to_string(i));
      evidence = made.evidence;
      auto& swapped = list_of(evidence);
      if (i + 1 == swapped.size()) continue;
      std::swap(swapped[i], swapped[i + 1]);
      expect_found(evidence, what + " swapped " + std::to_string(i));
    }
  };
  touch(
      [](Evidence & evidence) -> auto& { return evidence.comments; }, "comment");
  touch(
      [](Evidence & evidence) -> auto& { return evidence.entries; }, "entry");
  touch(
      [](Evidence & evidence) -> auto& { return evidence.comments[1].revisions; }, "revision");
  Evidence evidence = made.evidence;
  evidence.state.reset();
  expect_found(evidence, "state");
  evidence = made.evidence;
  evidence.comments[2].removal.reset();
  expect_found(evidence, "removal");
  evidence = made.evidence;
  evidence.entries.clear();
  evidence.comments.clear();
  evidence.state.reset();
  expect_found(evidence, "everything");
}

// Nothing in a file says how many there were: what its verifier says must not claim more.
TEST(EvidenceTest, ACommentThatIsLeftOutWithAllItsEntriesNoFileTells) {
  const EvidenceUnderTest made = MakeEvidence();
  Evidence evidence = made.evidence;
  const std::string left_out = evidence.comments[1].comment_id;
  evidence.comments.erase(evidence.comments.begin() + 1);
  for (std::size_t i = 1; i < evidence.comments.size(); ++i) --evidence.comments[i].sequence;
  EXPECT_GT(
      std::erase_if(evidence.entries,
                    [&](const EvidenceEntry& each) { return each.entry.comment_id == left_out; }),
      1u);
  EXPECT_EQ(Finding(WriteEvidence(evidence), made.verifier()), "");
}

TEST(EvidenceTest, WithoutTheRightKeyNothingIsProven) {
  const EvidenceUnderTest made = MakeEvidence();
  const EvidenceVerdict verdict = CheckEvidence(made.evidence, {{MakeEvidence().verifier()}});
  EXPECT_EQ(verdict.entries_proven, 0);
  ASSERT_EQ(verdict.failure_count, 1);
  EXPECT_EQ(verdict.failures.front(), "the checkpoint: it is not signed by a key that is known");
}

TEST(EvidenceTest, AFileThatIsNoneIsRefusedWithTheReason) {
  const std::string whole = WriteEvidence(MakeEvidence().evidence);
  const auto replaced = [&whole](const std::string& from, const std::string& to) {
    std::string text = whole;
    return text.replace(text.find(from), from.size(), to);
  };
  const struct {
    std::string text;
    std::string why;
  } refused[] = {
      {"", "no JSON"},
      {"[]\n", "the file is no object"},
      {"{}\n", "the file has no \"format\""},
      {whole.substr(0, whole.size() - 2), "no JSON"},
      {whole + " ", "not written as Marginalia writes it"},
      {std::string(5000, '['), "no JSON"},
      {replaced("evidence-1", "evidence-2"), "not of the format marginalia-evidence-1"},
      {replaced("{\"format\"", "{\"extra\":1,\"format\""), "one too many"},
      {replaced("\"sequence\":1", "\"sequence\":1,\"sequence\":1"), "a member twice"},
      {replaced("\"sequence\":1", "\"sequence\":\"1\""), "no whole number"},
      {replaced("\"sequence\":1", "\"sequence\":-1"), "no whole number"},
      {replaced("\"sequence\":1", "\"sequence\":1e0"), "no whole number"},
      {replaced("\"comments\":[", "\"comments\":[null,"), "comment 1 is no object"},
      {replaced("\"erased\":false", "\"erased\":0"), "not true or false"},
      {replaced("\"editorSalt\":\"\"", "\"editorSalt\":\"!\""), "not base64"},
      {replaced("\"createTime\":\"2023", "\"createTime\":\"x023"), "no time in UTC"},
      {replaced("\"format\":1", "\"format\":3"), "not written as Marginalia writes it"},
  };
  for (const auto& [text, why] : refused) {
    EXPECT_THAT(std::string(ReadEvidence(text).status().message()), HasSubstr(why));
  }
}

}  // namespace
}  // namespace marginalia
