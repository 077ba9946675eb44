#include "gateway/upstream/comment_json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "tests/gateway/checked_json.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using comments::v1::Comment;

std::string Text(const json::value& value) {
  return std::string(value.as_string().data(), value.as_string().size());
}

// Any text that a comment may hold.
std::string RandomText(std::mt19937& random) {
  const char* const pieces[] = {"a",
                                " ",
                                "\"",
                                "\\",
                                "\n",
                                "\r",
                                "\t",
                                "\b",
                                "\x01",
                                "\x1F",
                                "\x7F",
                                "/",
                                "</",
                                "\xC3\xA9",
                                "\xE2\x80\xA8",
                                "\xE2\x80\xAE",
                                "\xF0\x9F\x98\x80",
                                "\xC2\x85",
                                "data: ",
                                "\xED\x9F\xBF",
                                "\xEF\xBF\xBF",
                                "\xF4\x8F\xBF\xBF"};
  std::string text;
  for (std::size_t n = random() % 40; n > 0; --n) text += pieces[random() % std::size(pieces)];
  return text;
}

Comment RandomComment(std::mt19937& random) {
  Comment comment;
  comment.set_comment_id("00000000-0000-4000-8000-000000000001");
  comment.set_invoice_id(RandomText(random));
  comment.mutable_author()->set_user_id(RandomText(random));
  comment.mutable_author()->set_display_name(RandomText(random));
  comment.set_body(RandomText(random));
  comment.mutable_create_time()->set_seconds(static_cast<std::int64_t>(random()));
  comment.mutable_create_time()->set_nanos(static_cast<std::int32_t>(random() % 1'000'000) * 1000);
  comment.set_sequence(1 + static_cast<std::int64_t>(random()));
  return comment;
}

void ExpectSame(const json::value& shown, const Comment& comment) {
  EXPECT_EQ(Text(shown.at("commentId")), comment.comment_id());
  EXPECT_EQ(Text(shown.at("invoiceId")), comment.invoice_id());
  EXPECT_EQ(Text(shown.at("author").at("userId")), comment.author().user_id());
  EXPECT_EQ(Text(shown.at("author").at("displayName")), comment.author().display_name());
  EXPECT_EQ(Text(shown.at("body")), comment.body());
  EXPECT_EQ(shown.at("sequence").to_number<std::int64_t>(), comment.sequence());
}

TEST(CommentJsonTest, APageReadsBackAsTheSameValues) {
  std::mt19937 random(20260507);
  for (int round = 0; round < 200; ++round) {
    comments::v1::ListCommentsResponse page;
    for (std::size_t n = random() % 5; n > 0; --n) *page.add_comments() = RandomComment(random);
    page.set_next_page_token(random() % 2 == 0 ? "" : "next");
    page.set_previous_page_token("previous");
    page.set_total_size(static_cast<std::int64_t>(random()));
    page.set_consistency_token("token");
    const std::string text = ToJson(page);
    // A line on an event stream and in a log is one line.
    EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
    const json::value shown = CheckedJson("CommentPage", text);
    ASSERT_EQ(shown.at("comments").as_array().size(),
              static_cast<std::size_t>(page.comments_size()));
    for (int i = 0; i < page.comments_size(); ++i) {
      ExpectSame(shown.at("comments").at(static_cast<std::size_t>(i)), page.comments(i));
    }
    EXPECT_EQ(Text(shown.at("nextCursor")), page.next_page_token());
    EXPECT_EQ(Text(shown.at("previousCursor")), "previous");
    EXPECT_EQ(shown.at("totalSize").as_int64(), page.total_size());
    EXPECT_EQ(Text(shown.at("consistencyToken")), "token");
  }
}

TEST(CommentJsonTest, AnAddedCommentAndAnEventReadBackAsTheSameValues) {
  std::mt19937 random(7);
  comments::v1::AddCommentResponse added;
  *added.mutable_comment() = RandomComment(random);
  added.set_consistency_token("token");
  const json::value shown = CheckedJson("AddedComment", ToJson(added));
  ExpectSame(shown.at("comment"), added.comment());
  comments::v1::Event event;
  *event.mutable_comment_added()->mutable_comment() = added.comment();
  event.mutable_comment_added()->set_thread_comment_count(12);
  const json::value told = CheckedJson("CommentEvent", ToJson(event));
  ExpectSame(told.at("comment"), added.comment());
  EXPECT_EQ(told.at("totalSize").as_int64(), 12);
  EXPECT_EQ(KindName(event), "comment_added");
}

TEST(CommentJsonTest, AChangedCommentTellsWhatHappenedToItAndAnEventTheThreadAfterIt) {
  std::mt19937 random(7);
  comments::v1::Event event;
  comments::v1::Comment& comment = *event.mutable_comment_removed()->mutable_comment();
  comment = RandomComment(random);
  comment.clear_body();
  comment.set_revision(3);
  comment.mutable_edit_time()->set_seconds(951'782'400);
  comment.mutable_removal()->mutable_time()->set_seconds(951'782'401);
  comment.mutable_removal()->mutable_actor()->set_user_id("alex");
  comment.mutable_removal()->set_reason("the \"wrong\" thread");
  comment.set_erased(true);
  comment.set_etag("etag-4");
  comments::v1::Thread& thread = *event.mutable_thread();
  thread.set_state(comments::v1::THREAD_STATE_RESOLVED);
  thread.mutable_state_time()->set_seconds(951'782'402);
  thread.mutable_state_actor()->set_user_id("priya");
  thread.set_comment_count(4);
  thread.set_place_count(5);
  thread.set_revision(9);
  thread.set_etag("etag-9");

  const json::value told = CheckedJson("CommentEvent", ToJson(event));
  EXPECT_EQ(KindName(event), "comment_removed");
  const json::value& shown = told.at("comment");
  EXPECT_EQ(shown.at("revision"), 3);
  EXPECT_EQ(Text(shown.at("editTime")), "2000-02-29T00:00:00.000000Z");
  EXPECT_EQ(Text(shown.at("removal").at("time")), "2000-02-29T00:00:01.000000Z");
  EXPECT_EQ(Text(shown.at("removal").at("actor").at("userId")), "alex");
  EXPECT_EQ(Text(shown.at("removal").at("reason")), "the \"wrong\" thread");
  EXPECT_EQ(shown.at("erased"), true);
  EXPECT_EQ(Text(shown.at("etag")), "etag-4");
  EXPECT_EQ(Text(told.at("thread").at("state")), "RESOLVED");
  EXPECT_EQ(Text(told.at("thread").at("stateTime")), "2000-02-29T00:00:02.000000Z");
  EXPECT_EQ(Text(told.at("thread").at("stateActor").at("userId")), "priya");
  EXPECT_EQ(told.at("thread").at("commentCount"), 4);
  EXPECT_EQ(told.at("thread").at("placeCount"), 5);
  EXPECT_EQ(told.at("thread").at("revision"), 9);
  EXPECT_EQ(Text(told.at("thread").at("etag")), "etag-9");

  comments::v1::Event settled;
  settled.mutable_thread_resolved();
  *settled.mutable_thread() = thread;
  EXPECT_EQ(KindName(settled), "thread_resolved");
  EXPECT_FALSE(CheckedJson("CommentEvent", ToJson(settled)).as_object().contains("comment"));
  EXPECT_EQ(KindName(comments::v1::Event()), "");
}

TEST(CommentJsonTest, TimesAreRfc3339InUtcToTheMicrosecond) {
  const auto shown = [](std::int64_t seconds, std::int32_t nanos) {
    comments::v1::AddCommentResponse added;
    added.mutable_comment()->mutable_create_time()->set_seconds(seconds);
    added.mutable_comment()->mutable_create_time()->set_nanos(nanos);
    return Text(json::parse(ToJson(added)).at("comment").at("createTime"));
  };
  EXPECT_EQ(shown(0, 0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(shown(951'782'399, 999'999'999), "2000-02-28T23:59:59.999999Z");
  EXPECT_EQ(shown(951'782'400, 1'000), "2000-02-29T00:00:00.000001Z");
  EXPECT_EQ(shown(1'772'323'199, 0), "2026-02-28T23:59:59.000000Z");
  EXPECT_EQ(shown(-1, 500'000'000), "1969-12-31T23:59:59.500000Z");
  EXPECT_EQ(shown(-62'135'596'800, 0), "0001-01-01T00:00:00.000000Z");
  EXPECT_EQ(shown(253'402'300'799, 0), "9999-12-31T23:59:59.000000Z");
}

}  // namespace
}  // namespace marginalia
