#include "comments-service/thread/wire/comment_wire.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "comments-service/thread/mentions.h"
#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;

// Values at the edges of the encoding: empty, one and many bytes, times around 1970.
std::vector<Comment> Comments() {
  std::vector<Comment> comments;
  for (const std::int64_t micros :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{-1'500'000},
        std::int64_t{1'700'000'000'123'456}, std::int64_t{999'999}, std::int64_t{1'000'000}}) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{127},
                                     std::size_t{128}, std::size_t{16'384}, std::size_t{40'000}}) {
      comments.push_back({.comment_id = "018f4e2a-9c3b-7d10-8a55-0242ac120002",
                          .invoice_id = "INV-1042",
                          .author = {length == 1 ? "" : "dana", length == 0 ? "" : "Dana \xC3\xA9"},
                          .body = std::string(length, 'x'),
                          .create_time = absl::FromUnixMicros(micros),
                          .sequence = static_cast<std::int64_t>(length)});
    }
  }
  comments.push_back(comments.back());
  comments.back().revision = 200;
  comments.back().edit_time = absl::FromUnixSeconds(1'700'000'002);
  comments.push_back(comments.back());
  comments.back().mentions = "priya\n" + std::string(128, 'z') + "\nsam";
  comments.push_back(comments.back());
  comments.back().mentions.clear();
  comments.back().body.clear();
  comments.back().removal = Removal{.time = absl::FromUnixSeconds(1'700'000'003),
                                    .actor = {"alex", std::string(200, 'x')},
                                    .reason = std::string(500, 'y')};
  comments.push_back(comments.back());
  comments.back().erased = true;
  comments.back().removal->reason.clear();
  return comments;
}

v1::Comment Generated(const Comment& comment) {
  v1::Comment message;
  message.set_comment_id(comment.comment_id);
  message.set_invoice_id(comment.invoice_id);
  message.mutable_author()->set_user_id(comment.author.user_id);
  message.mutable_author()->set_display_name(comment.author.display_name);
  message.set_body(comment.body);
  const std::int64_t micros = absl::ToUnixMicros(comment.create_time);
  const std::int64_t rest = (micros % 1'000'000 + 1'000'000) % 1'000'000;
  message.mutable_create_time()->set_seconds((micros - rest) / 1'000'000);
  message.mutable_create_time()->set_nanos(static_cast<std::int32_t>(rest * 1000));
  message.set_sequence(comment.sequence);
  message.set_revision(comment.revision);
  message.set_etag(EtagOf(comment));
  message.set_erased(comment.erased);
  for (const std::string_view user_id : MentionedUsers(comment.mentions)) {
    message.add_mentions(std::string(user_id));
  }
  if (comment.edit_time) {
    message.mutable_edit_time()->set_seconds(absl::ToUnixSeconds(*comment.edit_time));
  }
  if (comment.removal) {
    v1::Removal& removal = *message.mutable_removal();
    removal.mutable_time()->set_seconds(absl::ToUnixSeconds(comment.removal->time));
    removal.mutable_actor()->set_user_id(comment.removal->actor.user_id);
    removal.mutable_actor()->set_display_name(comment.removal->actor.display_name);
    removal.set_reason(comment.removal->reason);
  }
  return message;
}

// With all that a thread can have.
Thread FullThread() {
  return {.place_count = 1'000,
          .change_count = 70,
          .removed_count = 3,
          .last_comment_time = absl::FromUnixSeconds(1'700'000'000),
          .last_author_name = "Dana",
          .resolved = true,
          .state_time = absl::FromUnixSeconds(1'700'000'001),
          .state_actor = {"priya", "Priya"}};
}

v1::Thread Generated(const Thread& thread) {
  v1::Thread message;
  message.set_invoice_id("INV-1042");
  message.set_state(thread.resolved ? v1::THREAD_STATE_RESOLVED : v1::THREAD_STATE_OPEN);
  if (thread.state_time != absl::InfinitePast()) {
    message.mutable_state_time()->set_seconds(absl::ToUnixSeconds(thread.state_time));
    message.mutable_state_actor()->set_user_id(thread.state_actor.user_id);
    message.mutable_state_actor()->set_display_name(thread.state_actor.display_name);
  }
  message.set_comment_count(thread.comment_count());
  message.set_place_count(thread.place_count);
  if (thread.last_comment_time != absl::InfinitePast()) {
    message.mutable_last_comment_time()->set_seconds(absl::ToUnixSeconds(thread.last_comment_time));
  }
  message.set_last_author_name(thread.last_author_name);
  message.set_revision(thread.revision());
  message.set_etag(thread.etag());
  return message;
}

TEST(CommentWireTest, APageIsByteForByteWhatTheGeneratedCodeWrites) {
  const Thread thread = FullThread();
  std::string page;
  v1::ListCommentsResponse generated;
  for (const Comment& comment : Comments()) {
    AppendPageComment(page, ViewOf(comment));
    *generated.add_comments() = Generated(comment);
    EXPECT_EQ(CommentWireSize(ViewOf(comment)), Generated(comment).ByteSizeLong());
  }
  AppendPageTail(page, {.next_page_token = "next",
                        .previous_page_token = "previous",
                        .total_size = std::numeric_limits<std::int64_t>::max(),
                        .consistency_token = "token",
                        .thread = &thread,
                        .invoice_id = "INV-1042"});
  *generated.mutable_thread() = Generated(thread);
  generated.set_next_page_token("next");
  generated.set_previous_page_token("previous");
  generated.set_total_size(std::numeric_limits<std::int64_t>::max());
  generated.set_consistency_token("token");
  EXPECT_EQ(page, generated.SerializeAsString());
  v1::ListCommentsResponse parsed;
  ASSERT_TRUE(parsed.ParseFromString(page));
  EXPECT_EQ(parsed.SerializeAsString(), generated.SerializeAsString());
}

TEST(CommentWireTest, ThePagesOfBothListingsHaveOneEncoding) {
  std::string page;
  AppendPageComment(page, ViewOf(Comments().back()));
  AppendPageTail(page, {.next_page_token = "n",
                        .previous_page_token = "p",
                        .total_size = 3,
                        .consistency_token = "t"});
  v1::ListRecentCommentsResponse recent;
  ASSERT_TRUE(recent.ParseFromString(page));
  EXPECT_EQ(recent.SerializeAsString(), page);
  EXPECT_EQ(recent.total_size(), 3);
  EXPECT_EQ(recent.previous_page_token(), "p");
}

TEST(CommentWireTest, ReadStatesAreByteForByteWhatTheGeneratedCodeWrites) {
  std::string page;
  v1::ListRecentCommentsResponse generated;
  for (const ReadState& state : {ReadState{.invoice_id = "INV-1042",
                                .read_sequence = 300,
                                .newest_sequence = 70'000,
                                .unread_count = 100,
                                .mentioned = true},
                                 ReadState{.invoice_id = "INV-1043"}}) {
    AppendReadState(page, state);
    v1::ReadState& message = *generated.add_read_states();
    message.set_invoice_id(state.invoice_id);
    message.set_read_sequence(state.read_sequence);
    message.set_newest_sequence(state.newest_sequence);
    message.set_unread_count(static_cast<std::int32_t>(state.unread_count));
    message.set_mentioned(state.mentioned);
  }
  EXPECT_EQ(page, generated.SerializeAsString());
}

TEST(CommentWireTest, AnEmptyPageHasNoBytes) {
  std::string page;
  AppendPageTail(page, {});
  EXPECT_EQ(page, "");
}

TEST(CommentWireTest, AnEventIsByteForByteWhatTheGeneratedCodeWrites) {
  for (const Comment& comment : Comments()) {
    v1::Event generated;
    generated.set_position(1'234'567);
    generated.set_org_id("northlight");
    generated.mutable_event_time()->set_seconds(1'700'000'000);
    generated.mutable_event_time()->set_nanos(5000);
    *generated.mutable_comment_added()->mutable_comment() = Generated(comment);
    for (const Thread& thread : {Thread{}, FullThread()}) {
      generated.mutable_comment_added()->set_thread_comment_count(thread.place_count);
      generated.set_number(77);
      generated.set_invoice_id("INV-1042");
      *generated.mutable_thread() = Generated(thread);
      const CommentView view = ViewOf(comment);
      EXPECT_EQ(EncodeEvent({.position = 1'234'567,
                             .number = 77,
                             .org_id = "northlight",
                             .event_micros = 1'700'000'000'000'005,
                             .invoice_id = "INV-1042",
                             .thread = thread,
                             .comment = &view}),
                generated.SerializeAsString());
    }
  }
}

TEST(CommentWireTest, WatchedEventsAndCheckpointMakeAMessage) {
  const std::string event = EncodeEvent({.position = 7,
                                         .org_id = "northlight",
                                         .event_micros = 1'700'000'000'000'005,
                                         .invoice_id = "INV-1042",
                                         .thread = FullThread()});
  std::string message;
  AppendWatchedEvent(message, event);
  AppendWatchedEvent(message, event);
  AppendCheckpoint(message, "checkpoint");
  v1::WatchEventsResponse parsed;
  ASSERT_TRUE(parsed.ParseFromString(message));
  EXPECT_EQ(parsed.events_size(), 2);
  EXPECT_EQ(parsed.events(1).SerializeAsString(), event);
  EXPECT_EQ(parsed.checkpoint_token(), "checkpoint");
  EXPECT_EQ(parsed.SerializeAsString(), message);
}

}  // namespace
}  // namespace marginalia
