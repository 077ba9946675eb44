// How far each reader has read, and who can be found to be mentioned.
#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "comments-service/readers/author_names.h"
#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using testing::ElementsAre;

class ReadersTest : public ServiceTest {
 protected:
  // "read newest unread", with "!" when a mention is.
  static std::string Text(const v1::ReadState& state) {
    return std::to_string(state.read_sequence()) + " " + std::to_string(state.newest_sequence()) +
           " " + std::to_string(state.unread_count()) + (state.mentioned() ? " !" : "");
  }
  static std::string StateOf(const Client& reader, const std::string& invoice_id) {
    const auto states = reader.ReadStates({invoice_id});
    return states.ok() ? Text(states->read_states(0)) : states.status().ToString();
  }
  static std::vector<std::string> Names(const Client& reader, const std::string& prefix,
                                        int page_size = 0) {
    std::vector<std::string> names;
    const auto found = reader.Authors(prefix, page_size);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const v1::Author& author : found->authors()) names.push_back(author.display_name());
    return names;
  }
};
INSTANTIATE_ON_EVERY_DATABASE(ReadersTest);

TEST_P(ReadersTest, WhatOthersWroteBehindTheMarkIsUnreadUntilItIsMarked) {
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "0 0 0");
  for (int i = 0; i < 3; ++i) Priya().Post("INV-1", "a body");
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "0 3 3");
  const auto marked = Dana().MarkRead("INV-1", 2);
  ASSERT_TRUE(marked.ok()) << marked.status();
  EXPECT_EQ(Text(marked->read_state()), "2 3 1");
  EXPECT_EQ(marked->read_state().invoice_id(), "INV-1");
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "2 3 1");
  Dana().Post("INV-1", "one's own is never unread");
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "2 4 1");
  const v1::Comment removed = Priya().Post("INV-1", "removed").comment();
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "2 5 2");
  ASSERT_TRUE(Priya().Remove(removed, "").ok());
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "2 5 1");
}

TEST_P(ReadersTest, AMarkNeverMovesBackwardsNorBehindTheNewest) {
  for (int i = 0; i < 3; ++i) Priya().Post("INV-1", "a body");
  EXPECT_EQ(Text(Dana().MarkRead("INV-1", 2)->read_state()), "2 3 1");
  EXPECT_EQ(Text(Dana().MarkRead("INV-1", 1)->read_state()), "2 3 1");
  EXPECT_EQ(Text(Dana().MarkRead("INV-1", std::numeric_limits<std::int64_t>::max())->read_state()),
            "3 3 0");
  Priya().Post("INV-1", "a body");
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "3 4 1");
  EXPECT_EQ(Text(Dana().MarkRead("INV-2", 7)->read_state()), "0 0 0");
  EXPECT_EQ(service().CountRows("read_marks"), 1);
}

TEST_P(ReadersTest, MarksAreEachReadersOwnAndChangeNothingElse) {
  Priya().Post("INV-1", "a body");
  const std::string thread = Dana().Thread("INV-1")->SerializeAsString();
  const std::string page = Dana().List("INV-1")->SerializeAsString();
  const std::int64_t events = service().CountRows("events");
  ASSERT_TRUE(service().As("org", "sam", "viewer").MarkRead("INV-1", 1).ok());
  EXPECT_EQ(StateOf(service().As("org", "sam", "viewer"), "INV-1"), "1 1 0");
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "0 1 1");
  EXPECT_EQ(StateOf(service().As("other", "sam"), "INV-1"), "0 0 0");
  EXPECT_EQ(Dana().Thread("INV-1")->SerializeAsString(), thread);
  EXPECT_EQ(Dana().List("INV-1")->SerializeAsString(), page);
  EXPECT_EQ(service().CountRows("events"), events);
  EXPECT_EQ(service().CountRows("audit_entries"), 1);
  EXPECT_TRUE(service().As("org", "alex", "admin").Verify()->intact());
}

TEST_P(ReadersTest, TheMarkIsTheHighestOfThoseThatAreSetAtOnce) {
  for (int i = 0; i < 40; ++i) Priya().Post("INV-1", "a body");
  std::vector<std::thread> readers;
  std::atomic<int> failed = 0;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([this, reader, &failed] {
      const Client dana = Dana();
      for (int i = 1 + reader; i <= 40; i += 4) {
        if (!dana.MarkRead("INV-1", i).ok()) ++failed;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "40 40 0");
}

TEST_P(ReadersTest, OnlyTheNewestHundredPlacesAreCounted) {
  ASSERT_TRUE(service().AsService("org").Import(ImportOf("INV-1", 230)).ok());
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "0 230 100");
  Dana().Post("INV-1", "one's own takes one of the hundred");
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "0 231 99");
  ASSERT_TRUE(Dana().MarkRead("INV-1", 129).ok());
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "129 231 99");
  ASSERT_TRUE(Dana().MarkRead("INV-1", 140).ok());
  EXPECT_EQ(StateOf(Dana(), "INV-1"), "140 231 90");
}

TEST_P(ReadersTest, StatesComeInTheOrderOfTheRequestAndWithTheRecentComments) {
  for (const char* invoice : {"INV-1", "INV-2", "INV-1", "a/b:c"}) Priya().Post(invoice, "a body");
  ASSERT_TRUE(Dana().MarkRead("INV-1", 1).ok());
  const auto states = Dana().ReadStates({"a/b:c", "INV-1", "none", "INV-1"});
  ASSERT_TRUE(states.ok()) << states.status();
  ASSERT_EQ(states->read_states_size(), 4);
  EXPECT_EQ(states->read_states(0).invoice_id(), "a/b:c");
  EXPECT_EQ(Text(states->read_states(0)), "0 1 1");
  EXPECT_EQ(Text(states->read_states(1)), "1 2 1");
  EXPECT_EQ(Text(states->read_states(2)), "0 0 0");
  EXPECT_EQ(Text(states->read_states(3)), "1 2 1");
  const auto recent = Dana().Recent(3);
  ASSERT_EQ(recent->read_states_size(), 3);
  EXPECT_EQ(recent->read_states(0).invoice_id(), "INV-1");
  EXPECT_EQ(Text(recent->read_states(0)), "1 2 1");
  EXPECT_EQ(Dana().Recent(1)->read_states_size(), 1);
  EXPECT_EQ(service().AsService("org").Recent()->read_states_size(), 0);
}

TEST_P(ReadersTest, WrongRequestsAreRefusedByField) {
  EXPECT_EQ(Field(Dana().MarkRead("INV-1", 0)), "sequence");
  EXPECT_EQ(Field(Dana().MarkRead("INV-1", -1)), "sequence");
  EXPECT_EQ(Field(Dana().MarkRead("no invoice", 1)), "invoice_id");
  EXPECT_EQ(Field(Dana().ReadStates({})), "invoice_ids");
  EXPECT_EQ(Field(Dana().ReadStates(std::vector<std::string>(101, "INV-1"))), "invoice_ids");
  EXPECT_EQ(Field(Dana().ReadStates({"INV-1", "no invoice"})), "invoice_ids[1]");
  EXPECT_TRUE(Dana().ReadStates(std::vector<std::string>(100, "INV-1")).ok());
  EXPECT_EQ(Reason(service().AsService("org").MarkRead("INV-1", 1)), "ROLE_TOO_LOW");
  EXPECT_EQ(Field(Dana().Authors("", -1)), "page_size");
  EXPECT_EQ(Field(Dana().Authors(std::string(65, 'x'))), "prefix");
  EXPECT_EQ(Field(Dana().Authors(std::string(1, '\0'))), "prefix");
}

TEST_P(ReadersTest, AuthorsAreFoundByHowANameOrAnIdBegins) {
  v1::ImportCommentsRequest import;
  import.set_invoice_id("INV-1");
  const std::vector<std::pair<std::string, std::string>> authors = {
      {"u-1", "Priya Raman"},
      {"u-2", "Ra\xC3\xBAl \xC3\x89mile Prado"},
      {"u-3", ""},
      {"u-4", "% _ prefix"}};
  for (const auto& [user_id, name] : authors) {
    v1::Author& author = *AddImported(import).mutable_author();
    author.set_user_id(user_id);
    author.set_display_name(name);
  }
  ASSERT_TRUE(service().AsService("org").Import(import).ok());
  Dana().Post("INV-1", "a body");
  EXPECT_THAT(Names(Dana(), "pr"), ElementsAre(authors[1].second, "% _ prefix", "Priya Raman"));
  EXPECT_THAT(Names(Dana(), "RA"), ElementsAre("Priya Raman", authors[1].second));
  EXPECT_THAT(Names(Dana(), "\xC3\xA9MILE p"), ElementsAre(authors[1].second));
  EXPECT_THAT(Names(Dana(), "raman x"), ElementsAre());
  EXPECT_THAT(Names(Dana(), "%"), ElementsAre("% _ prefix"));
  EXPECT_THAT(Names(Dana(), "dan"), ElementsAre("DANA"));
  EXPECT_THAT(Names(Dana(), "u-"), ElementsAre("Priya Raman", authors[1].second, "", "% _ prefix"));
  EXPECT_THAT(Names(Dana(), "u-", 2), ElementsAre("Priya Raman", authors[1].second));
  EXPECT_EQ(Names(Dana(), "").size(), 5U);
  EXPECT_THAT(Names(service().As("other", "mallory"), ""), ElementsAre());
}

TEST_P(ReadersTest, AnAuthorIsFoundByTheNameOfItsNewestComment) {
  const auto named = [this](const std::string& name) {
    v1::ImportCommentsRequest import = ImportOf("INV-1", 1);
    import.mutable_comments(0)->mutable_author()->set_display_name(name);
    EXPECT_TRUE(service().AsService("org").Import(import).ok());
  };
  named("Ann Miller");
  named("Ann Smith");
  EXPECT_THAT(Names(Dana(), "ann"), ElementsAre("Ann Smith"));
  EXPECT_THAT(Names(Dana(), "miller"), ElementsAre());
  EXPECT_THAT(Names(Dana(), "smi"), ElementsAre("Ann Smith"));
  Start();
  named("Ann Smith");
  named("Ann Miller");
  EXPECT_THAT(Names(Dana(), "smi"), ElementsAre());
  EXPECT_THAT(Names(Dana(), "mill"), ElementsAre("Ann Miller"));
}

TEST(AuthorNamesTest, AnAuthorHasAKeyForItsIdAndForEachWordOfItsName) {
  EXPECT_THAT(AuthorKeys("U-1", "Ann  van Miller"),
              ElementsAre("u-1", "ann  van miller", "van miller", "miller"));
  EXPECT_THAT(AuthorKeys("dana", "Dana"), ElementsAre("dana"));
  EXPECT_THAT(AuthorKeys("dana", ""), ElementsAre("dana"));
  EXPECT_EQ(AuthorKeys("u", "a b c d e f g h").size(), kAuthorKeysMax);
  const std::vector<std::string> keys = AuthorKeys(std::string(128, 'x'), "");
  EXPECT_EQ(keys.front().size(), kAuthorPrefixCharactersMax);
}

}  // namespace
}  // namespace marginalia
