// Whom comments mention: with what they say, and for those who are mentioned.
#include "comments-service/thread/mentions.h"

#include <string>
#include <vector>

#include "tests/comments_service/service_test.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using testing::ElementsAre;

class MentionsTest : public ServiceTest {
 protected:
  static std::vector<std::string> Bodies(const v1::ListRecentCommentsResponse& page) {
    std::vector<std::string> bodies;
    for (const v1::Comment& comment : page.comments()) bodies.push_back(comment.body());
    return bodies;
  }
  static std::vector<std::string> MentionsOfPriya(const Client& priya) {
    return Bodies(*priya.Recent(0, "", true));
  }
  bool IsUnreadFor(const std::string& user) {
    return service().As("org", user).ReadStates({"INV-1"})->read_states(0).mentioned();
  }
};
INSTANTIATE_ON_EVERY_DATABASE(MentionsTest);

TEST_P(MentionsTest, WhomACommentMentionsIsReadWhereverItIsRead) {
  const v1::Comment comment =
      Dana().Post("INV-1", "Priya, Sam?", {"priya", "sam \xC3\xA9"}).comment();
  EXPECT_THAT(comment.mentions(), ElementsAre("priya", "sam \xC3\xA9"));
  const std::string bytes = comment.SerializeAsString();
  EXPECT_EQ(Dana().Get("INV-1", comment.comment_id())->comment().SerializeAsString(), bytes);
  EXPECT_EQ(Dana().List("INV-1")->comments(0).SerializeAsString(), bytes);
  EXPECT_EQ(Dana().Recent()->comments(0).SerializeAsString(), bytes);
  EXPECT_EQ(Priya().Recent(0, "", true)->comments(0).SerializeAsString(), bytes);
  const auto events = service().AsService().WatchFromBeginning().Events(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].comment_added().comment().SerializeAsString(), bytes);
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(MentionsTest, ARetryRepeatsWhomItMentionsAndAnythingElseIsAnotherComment) {
  const std::string id = NewUuid();
  ASSERT_TRUE(Dana().Add("INV-1", id, "a body", {"priya", "sam"}).ok());
  EXPECT_TRUE(Dana().Add("INV-1", id, "a body", {"priya", "sam"})->replayed());
  EXPECT_EQ(Reason(Dana().Add("INV-1", id, "a body", {"priya"})), "COMMENT_ID_REUSED");
  EXPECT_EQ(Reason(Dana().Add("INV-1", id, "a body")), "COMMENT_ID_REUSED");
  const v1::Comment comment = Dana().Get("INV-1", id)->comment();
  ASSERT_TRUE(Dana().Edit(comment, "another body", "", {"alex"}).ok());
  EXPECT_TRUE(Dana().Add("INV-1", id, "a body", {"priya", "sam"})->replayed());
  EXPECT_EQ(Reason(Dana().Add("INV-1", id, "a body", {"alex"})), "COMMENT_ID_REUSED");
}

TEST_P(MentionsTest, AnEditMentionsOthersInsteadAndIsAnEditWithTheSameWordsToo) {
  v1::Comment comment = Dana().Post("INV-1", "a body", {"priya"}).comment();
  EXPECT_THAT(MentionsOfPriya(Priya()), ElementsAre("a body"));
  const std::string change = NewUuid();
  const auto edited = Dana().Edit(comment, "a body", change, {"sam"});
  ASSERT_TRUE(edited.ok()) << edited.status();
  EXPECT_FALSE(edited->replayed());
  EXPECT_EQ(edited->comment().revision(), 2);
  EXPECT_THAT(edited->comment().mentions(), ElementsAre("sam"));
  EXPECT_THAT(MentionsOfPriya(Priya()), ElementsAre());
  EXPECT_THAT(Bodies(*service().As("org", "sam", "viewer").Recent(0, "", true)),
              ElementsAre("a body"));
  EXPECT_TRUE(Dana().Edit(comment, "a body", change, {"sam"})->replayed());
  EXPECT_EQ(Reason(Dana().Edit(comment, "a body", change, {"priya"})), "CHANGE_ID_REUSED");
  comment = edited->comment();
  EXPECT_TRUE(Dana().Edit(comment, "a body", "", {"sam"})->replayed());
  const auto events = service().AsService().WatchFromBeginning().Events(2);
  EXPECT_THAT(events[1].comment_edited().comment().mentions(), ElementsAre("sam"));
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(MentionsTest, AResolutionSaysWhomItsCommentMentions) {
  Dana().Post("INV-1", "a body");
  v1::ResolveThreadRequest request;
  request.set_invoice_id("INV-1");
  request.mutable_comment()->set_comment_id(NewUuid());
  request.mutable_comment()->set_body("Done.");
  request.mutable_comment()->add_mentions("priya");
  ASSERT_TRUE(Dana().CallRaw("ResolveThread", request.SerializeAsString()).ok());
  EXPECT_THAT(MentionsOfPriya(Priya()), ElementsAre("Done."));
  EXPECT_TRUE(Dana().CallRaw("ResolveThread", request.SerializeAsString()).ok());
  request.mutable_comment()->set_mentions(0, "sam");
  EXPECT_EQ(ReasonOf(Dana().CallRaw("ResolveThread", request.SerializeAsString())),
            "COMMENT_ID_REUSED");
  request.mutable_comment()->add_mentions("sam");
  const absl::Status twice = Dana().CallRaw("ResolveThread", request.SerializeAsString());
  EXPECT_EQ(FieldViolationsOf(twice).front().field, "comment.mentions[1]");
}

TEST_P(MentionsTest, WhoIsMentionedIsCheckedLikeAnyUserId) {
  const auto field = [this](const Client::Mentions& mentions) {
    return Field(Dana().Add("INV-1", NewUuid(), "a body", mentions));
  };
  EXPECT_EQ(field({"priya", ""}), "mentions[1]");
  EXPECT_EQ(field({"two\nlines"}), "mentions[0]");
  EXPECT_EQ(field({" "}), "mentions[0]");
  EXPECT_EQ(field({std::string(129, 'x')}), "mentions[0]");
  EXPECT_EQ(field({"priya", "sam", "priya"}), "mentions[2]");
  Client::Mentions many;
  for (int i = 0; i < 20; ++i) many.push_back(std::string(120, 'x') + std::to_string(i));
  EXPECT_TRUE(Dana().Add("INV-1", NewUuid(), "a body", many).ok());
  many.push_back("one more");
  EXPECT_EQ(field(many), "mentions");
  const v1::Comment comment = Dana().Post("INV-1", "a body").comment();
  EXPECT_EQ(Field(Dana().Edit(comment, "a body", "", {""})), "mentions[0]");
}

TEST_P(MentionsTest, WithARemovalNobodyIsMentionedAnyMoreAndWithAnErasingNobodyEverWas) {
  const v1::Comment removed = Dana().Post("INV-1", "removed", {"priya"}).comment();
  const v1::Comment erased = Dana().Post("INV-1", "erased", {"priya", "sam"}).comment();
  ASSERT_TRUE(Dana().Edit(erased, "erased again", "", {"priya"}).ok());
  ASSERT_TRUE(Dana().Remove(removed, "").ok());
  EXPECT_THAT(MentionsOfPriya(Priya()), ElementsAre("erased again"));
  EXPECT_EQ(Dana().Get("INV-1", removed.comment_id())->comment().mentions_size(), 0);
  ASSERT_TRUE(Alex().Erase(erased, "asked for").ok());
  EXPECT_THAT(MentionsOfPriya(Priya()), ElementsAre());
  EXPECT_FALSE(IsUnreadFor("priya"));
  EXPECT_EQ(service().CountRows("comment_mentions"), 0);
  EXPECT_EQ(service().CountRows("comments WHERE mentions <> ''"), 0);
  EXPECT_EQ(service().CountRows("comment_revisions WHERE mentions <> ''"), 1);
  for (const v1::Event& event : service().AsService().WatchFromBeginning().Events(5)) {
    if (event.comment_added().comment().comment_id() == erased.comment_id()) {
      EXPECT_EQ(event.comment_added().comment().mentions_size(), 0);
    }
    EXPECT_EQ(event.comment_edited().comment().mentions_size(), 0);
  }
  EXPECT_TRUE(Alex().Verify()->intact());
}

TEST_P(MentionsTest, AMentionIsUnreadUntilItsPlaceIsRead) {
  Dana().Post("INV-1", "a body");
  Dana().Post("INV-1", "Priya?", {"priya"});
  Dana().Post("INV-1", "a body");
  EXPECT_TRUE(IsUnreadFor("priya"));
  EXPECT_FALSE(IsUnreadFor("sam"));
  ASSERT_TRUE(Priya().MarkRead("INV-1", 1).ok());
  EXPECT_TRUE(IsUnreadFor("priya"));
  ASSERT_TRUE(Priya().MarkRead("INV-1", 2).ok());
  EXPECT_FALSE(IsUnreadFor("priya"));
}

TEST_P(MentionsTest, TheCommentsThatMentionOneArePagedAndNobodyElseCanGoOn) {
  for (int i = 0; i < 9; ++i) {
    Dana().Post("INV-" + std::to_string(i % 2), std::to_string(i),
                i % 3 == 0 ? Client::Mentions{} : Client::Mentions{"sam", "priya"});
  }
  service().As("other", "dana").Post("INV-1", "of another tenant", {"priya"});
  for (int size = 1; size <= 7; ++size) {
    std::string all;
    std::string token;
    do {
      const auto page = Priya().Recent(size, token, true);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->total_size(), 0);
      for (const v1::Comment& comment : page->comments()) all += comment.body();
      token = page->next_page_token();
    } while (!token.empty());
    EXPECT_EQ(all, "875421") << size;
  }
  const auto page = Priya().Recent(2, "", true);
  const std::string token = page->next_page_token();
  EXPECT_EQ(Reason(Priya().Recent(2, token)), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(service().As("org", "sam").Recent(2, token, true)), "PAGE_TOKEN_INVALID");
  EXPECT_EQ(Reason(Priya().Recent(2, Priya().Recent(2)->next_page_token(), true)),
            "PAGE_TOKEN_INVALID");
  EXPECT_THAT(Bodies(*Priya().Recent(2, token, true)), ElementsAre("5", "4"));
  Dana().Post("INV-1", "newer", {"priya"});
  EXPECT_THAT(Bodies(*Priya().Recent(2, page->previous_page_token(), true)), ElementsAre("newer"));
  EXPECT_EQ(Priya().Recent(2, "", true)->read_states_size(), 2);
}

TEST(MentionsOfTest, TheUsersComeBackAsTheyWereNamed) {
  EXPECT_EQ(*MentionsOf("mentions", {}), "");
  EXPECT_THAT(MentionedUsers(*MentionsOf("mentions", {"b", "a c", "d"})),
              ElementsAre("b", "a c", "d"));
  EXPECT_THAT(MentionedUsers(""), ElementsAre());
}

}  // namespace
}  // namespace marginalia
