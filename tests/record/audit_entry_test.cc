#include "comments-service/record/audit_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "comments-service/record/commitment.h"
#include "tests/record/by_the_book.h"

namespace marginalia {
namespace {

namespace json = boost::json;

AuditEntry EntryOf(std::int64_t number, std::string_view action) {
  return {.format = 2,
          .number = number,
          .position = 7 * number,
          .org_id = "northlight",
          .actor_id = "dana",
          .actor_name = "Dana \u2014 \"D\"",
          .name_commitment = Commitment(std::string(16, 'n'), "Dana"),
          .action = std::string(action),
          .invoice_id = "INV-1042",
          .comment_id = number % 2 == 1 ? "0190c6a8-5a3e-7c41-9f52-3f6d1b7a9e10" : "",
          .revision = number % 2,
          .content_commitment = number % 2 == 1 ? Commitment(std::string(16, 'c'), "Sent.") : "",
          .reason = number == 4 ? "sent to the wrong thread\nsorry" : "",
          .request_id = "r-1",
          .create_time = absl::FromUnixMicros(1'700'000'000'123'456 + number),
          .hash = ""};
}

json::object Described(const AuditEntry& entry) {
  return {{"number", entry.number},
          {"orgId", entry.org_id},
          {"actorId", entry.actor_id},
          {"nameCommitment", entry.name_commitment},
          {"action", entry.action},
          {"invoiceId", entry.invoice_id},
          {"commentId", entry.comment_id},
          {"revision", entry.revision},
          {"contentCommitment", entry.content_commitment},
          {"reason", entry.reason},
          {"requestId", entry.request_id},
          {"createTimeMicros", absl::ToUnixMicros(entry.create_time)},
          {"hash", entry.hash}};
}

TEST(AuditEntryTest, EntriesAndCommitmentsAreWhatAnotherVerifierMakesOfTheDescription) {
  json::array entries;
  std::string previous;
  std::int64_t number = 0;
  for (const std::string_view action :
       {kActionAdded, kActionImported, kActionEdited, kActionRemoved, kActionErased,
        kActionResolved, kActionReopened}) {
    AuditEntry entry = EntryOf(++number, action);
    entry.hash = previous = EntryHash(previous, entry);
    entries.push_back(Described(entry));
  }
  json::array commitments;
  for (const std::string text : {"", "x", "Gr\u00FC\u00DFe \U0001F600"}) {
    const std::string salt = NewSalt();
    commitments.push_back(json::object{
        {"salt", Base64Of(salt)}, {"text", text}, {"commitment", Commitment(salt, text)}});
  }
  json::object document{{"entries", entries}, {"commitments", commitments}};
  const BookVerdict verdict = VerifyByTheBook("entries", json::serialize(document));
  EXPECT_EQ(verdict.said, "7 entries, 3 commitments\n");
  EXPECT_EQ(verdict.exit_code, 0);

  document["commitments"].as_array()[1].as_object()["text"] = "y";
  EXPECT_EQ(VerifyByTheBook("entries", json::serialize(document)).said, "commitment of y\n");
  document["entries"].as_array()[3].as_object()["reason"] = "";
  EXPECT_EQ(VerifyByTheBook("entries", json::serialize(document)).said, "entry 4\n");
}

// By sha256sum over the bytes of the description, so that no verifier's change goes unseen.
TEST(AuditEntryTest, TheHashesOfBothFormatsStayWhatTheyAre) {
  AuditEntry entry = EntryOf(1, kActionAdded);
  entry.actor_name = "Dana";
  EXPECT_EQ(EntryHash("", entry),
            "aeeeedcfbaa331cdfb92a7cddb8142eeb01bda2736e88c2087db5cc90c1457cb");
  EXPECT_EQ(HexOf(EntryLeaf("", entry)), EntryHash("", entry));
  entry.format = 1;
  EXPECT_EQ(EntryHash("", entry),
            "059de258bdac64ac21691f9a1f054b0db22257785075fe9274115c81dcd5e3ce");
  EXPECT_EQ(HexOf(EntryLeaf("", entry)),
            "1ab74f0bc780ad806b4eb3dca35ec3d77d18d8040b968a70c0df9f92c75c14f5");
}

TEST(AuditEntryTest, EveryFieldThatIsCoveredChangesTheHashAndNoOtherDoes) {
  const AuditEntry entry = EntryOf(1, kActionAdded);
  std::set<std::string> hashes = {EntryHash("", entry), EntryHash(std::string(64, 'a'), entry)};
  ASSERT_EQ(hashes.size(), 2u);
  const auto differs = [&](auto change) {
    AuditEntry changed = entry;
    change(changed);
    return hashes.insert(EntryHash("", changed)).second;
  };
  EXPECT_TRUE(differs([](AuditEntry& e) { ++e.number; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.org_id += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.actor_id += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.name_commitment += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.action += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.invoice_id += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.comment_id += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { ++e.revision; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.content_commitment += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.reason += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.request_id += "x"; }));
  EXPECT_TRUE(differs([](AuditEntry& e) { e.create_time += absl::Microseconds(1); }));
  // What moves from one field to the next is another entry, too.
  EXPECT_TRUE(differs([](AuditEntry& e) {
    e.invoice_id += e.comment_id;
    e.comment_id.clear();
  }));
  EXPECT_FALSE(differs([](AuditEntry& e) { e.actor_name += "x"; }));
  EXPECT_FALSE(differs([](AuditEntry& e) { ++e.position; }));
}

TEST(CommitmentTest, SaltsAreNeverTheSame) {
  std::set<std::string> salts;
  for (int i = 0; i < 1000; ++i) salts.insert(NewSalt());
  EXPECT_EQ(salts.size(), 1000u);
  EXPECT_EQ(salts.begin()->size(), kSaltBytes);
}

}  // namespace
}  // namespace marginalia
