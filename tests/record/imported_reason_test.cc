#include "comments-service/record/imported_reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "comments-service/record/commitment.h"

namespace marginalia {
namespace {

AuditEntry EntryOf(std::string_view action, std::string reason) {
  AuditEntry entry;
  entry.format = 2;
  entry.action = std::string(action);
  entry.reason = std::move(reason);
  return entry;
}

const std::string kSalt(kSaltBytes, 's');

// Texts that look like the rest of a reason, or its quotes.
const std::vector<std::string>& Texts() {
  static const auto& texts = *new std::vector<std::string>{
      "dana",
      "",
      "\"",
      "\\",
      "\\\"",
      "a\\",
      "x\" remover_name=\"y",
      "a create_time=7",
      "a create_time=7 edit_time=8",
      "a create_time=7 removal_time=9 remover_id=\"b\" remover_name=\"c\" removal_reason=\"d\"",
      "two\nlines",
      "\U0001F600"};
  return texts;
}

std::vector<ImportedOrigin> Origins() {
  std::vector<ImportedOrigin> origins;
  for (const std::string& author : Texts()) {
    for (const std::string& text : Texts()) {
      for (const bool edited : {false, true}) {
        ImportedOrigin origin{.author_id = author, .create_time = absl::FromUnixMicros(-7)};
        if (edited) origin.edit_time = absl::FromUnixMicros(8);
        if (text == "dana") origins.push_back(origin);
        origin.removal = ImportedRemoval{.time = absl::FromUnixMicros(9),
                                         .actor_id = text,
                                         .actor_name = {.clear = author},
                                         .reason = text};
        origins.push_back(origin);
        origin.removal->actor_name = RecordedName::CommittedTo(author, kSalt);
        origins.push_back(origin);
      }
    }
  }
  return origins;
}

TEST(ImportedReasonTest, WhatAnImportSaysIsReadAgainAndNoTwoSayTheSame) {
  std::set<std::string> reasons;
  for (const ImportedOrigin& origin : Origins()) {
    const std::string reason = ImportedReason(origin);
    EXPECT_TRUE(reasons.insert(reason).second) << reason;
    const auto read = ImportedOriginOf(EntryOf(kActionImported, reason), kSalt);
    ASSERT_TRUE(read.has_value()) << reason;
    EXPECT_EQ(read->author_id, origin.author_id);
    EXPECT_EQ(read->create_time, origin.create_time);
    EXPECT_EQ(read->edit_time, origin.edit_time);
    EXPECT_EQ(read->removal, origin.removal);
  }
}

TEST(ImportedReasonTest, AClosingIsReadAgain) {
  for (const std::string& id : Texts()) {
    for (const std::string& name : Texts()) {
      for (const RecordedName& recorded :
           {RecordedName{.clear = name}, RecordedName::CommittedTo(name, kSalt)}) {
        const std::string reason =
            ImportedReason(ImportedClosing{absl::FromUnixMicros(5), id, recorded});
        EXPECT_TRUE(reason.starts_with(ImportedClosingPrefix(absl::FromUnixMicros(5), id)));
        const auto read = ImportedClosingOf(EntryOf(kActionResolved, reason), kSalt);
        ASSERT_TRUE(read.has_value()) << reason;
        EXPECT_EQ(read->time, absl::FromUnixMicros(5));
        EXPECT_EQ(read->actor_id, id);
        EXPECT_EQ(read->actor_name, recorded);
      }
    }
  }
}

TEST(ImportedReasonTest, ANameIsCommittedToAndShownByItsSalt) {
  const std::string commitment = Commitment(kSalt, "The Boss");
  ImportedOrigin origin{.author_id = "a", .create_time = absl::FromUnixMicros(5)};
  origin.removal = ImportedRemoval{.time = absl::FromUnixMicros(9),
                                   .actor_id = "b",
                                   .actor_name = RecordedName::CommittedTo("The Boss", kSalt),
                                   .reason = "d"};
  const std::string reason = ImportedReason(origin);
  EXPECT_EQ(reason,
            "author_id=a create_time=5 removal_time=9 remover_id=\"b\" remover_name_commitment=" +
                commitment + " removal_reason=\"d\"");
  const AuditEntry entry = EntryOf(kActionImported, reason);
  EXPECT_TRUE(ImportedOriginOf(entry, kSalt)->removal->actor_name.Is("The Boss"));
  EXPECT_FALSE(ImportedOriginOf(entry, kSalt)->removal->actor_name.Is("The boss"));
  EXPECT_FALSE(ImportedOriginOf(entry)->removal->actor_name.Is("The Boss"));
  // Cut elsewhere, salt and name would make the same bytes.
  EXPECT_FALSE(ImportedOriginOf(entry, kSalt + "The ")->removal->actor_name.Is("Boss"));
  // Written otherwise it is none.
  for (const std::string& other :
       {commitment.substr(1), commitment + "0", "A" + commitment.substr(1),
        "\"" + commitment + "\"", std::string()}) {
    const std::string changed =
        "state_time=5 state_actor_id=\"b\" state_actor_name_commitment=" + other;
    EXPECT_FALSE(ImportedClosingOf(EntryOf(kActionResolved, changed), kSalt).has_value()) << other;
  }
}

TEST(ImportedReasonTest, WhatNoImportSaysIsNotRead) {
  for (const char* reason :
       {"", "author_id=a", "author_id=a create_time=", "author_id=a create_time=x",
        "author_id=a create_time=+5", "author_id=a create_time=05", "author_id=a create_time= 5",
        "author_id=a create_time=5 ", "user_id=a create_time=5", "author_id=a edit_time=5",
        "author_id=a create_time=5 edit_time=99999999999999999999", "\"", "\"\"",
        "author_id=a create_time=5 removal_reason=\"d\"",
        "author_id=a create_time=5 removal_time=9 remover_id=\"b\" remover_name=\"c\""
        " removal_reason=\"d",
        "author_id=a create_time=5 removal_time=9 remover_id=\"b\" remover_name=\"c\""
        " removal_reason=\"\\d\"",
        "author_id=a create_time=5 removal_time=9 remover_id=\"b\" remover_name=c"
        " removal_reason=\"d\""}) {
    EXPECT_FALSE(ImportedOriginOf(EntryOf(kActionImported, reason)).has_value()) << reason;
    EXPECT_FALSE(ImportedClosingOf(EntryOf(kActionResolved, reason)).has_value()) << reason;
  }
  EXPECT_FALSE(ImportedOriginOf(EntryOf(kActionAdded, "author_id=a create_time=5")).has_value());
  AuditEntry old = EntryOf(kActionImported, "author_id=a create_time=5");
  old.format = 1;
  EXPECT_FALSE(ImportedOriginOf(old).has_value());
  const std::string closing =
      ImportedReason(ImportedClosing{.time = absl::FromUnixMicros(5), .actor_id = "a"});
  EXPECT_FALSE(ImportedClosingOf(EntryOf(kActionReopened, closing)).has_value());
}

}  // namespace
}  // namespace marginalia
