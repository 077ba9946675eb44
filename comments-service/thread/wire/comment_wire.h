// Comments, events and pages of comments written straight in Protobuf's wire format: building the
// generated messages first would cost more than the rest of a read. The bytes are the ones that the
// generated code would write. Pure functions, thread-safe.
// https://protobuf.dev/programming-guides/encoding/
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_COMMENT_WIRE_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_COMMENT_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "comments-service/readers/read_state.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/thread.h"

namespace marginalia {

// A comment as a row of the database has it, not owned.
struct CommentView {
  std::string_view comment_id;
  std::string_view invoice_id;
  std::string_view author_id;
  std::string_view author_name;
  std::string_view body;
  std::int64_t create_micros = 0;
  std::int64_t sequence = 0;
  std::int64_t revision = 1;
  // Here and below 0: never.
  std::int64_t edit_micros = 0;
  std::int64_t removal_micros = 0;
  std::string_view remover_id;
  std::string_view remover_name;
  std::string_view removal_reason;
  bool erased = false;
  // As Comment::mentions.
  std::string_view mentions;
};

CommentView ViewOf(const Comment& comment);

// How many bytes a Comment takes without its tag and length.
std::size_t CommentWireSize(const CommentView& comment);

// Appends one entry of `repeated Comment comments = 1`.
void AppendPageComment(std::string& page, const CommentView& comment);

// What ListCommentsResponse and ListRecentCommentsResponse say besides their comments.
struct PageTail {
  std::string next_page_token;
  std::string previous_page_token;
  std::int64_t total_size = 0;
  std::string consistency_token;
  // The thread that the page is of; null: it is of several.
  const Thread* thread = nullptr;
  std::string_view invoice_id;
};

void AppendPageTail(std::string& page, const PageTail& tail);

// Appends one entry of `repeated ReadState read_states = 7` of ListRecentCommentsResponse.
void AppendReadState(std::string& page, const ReadState& state);

// The kinds of Event, by the numbers of their fields.
enum class EventKind : std::uint32_t {
  kCommentAdded = 4,
  kCommentEdited = 5,
  kCommentRemoved = 6,
  kCommentErased = 7,
  kThreadResolved = 8,
  kThreadReopened = 9,
};

// What an Event says, not owned.
struct EventView {
  EventKind kind = EventKind::kCommentAdded;
  std::int64_t position = 0;
  std::int64_t number = 0;
  std::string_view org_id;
  std::int64_t event_micros = 0;
  std::string_view invoice_id;
  // After the event.
  const Thread& thread;
  // Of the kinds that carry one; else null.
  const CommentView* comment = nullptr;
};

// A whole Event.
std::string EncodeEvent(const EventView& event);

// The same Event without its position, for whoever is not to see it: a part of `encoded_event`,
// which EncodeEvent has made.
std::string_view WithoutPosition(std::string_view encoded_event);

// Appends one entry of `repeated Event events = 1` of WatchEventsResponse.
void AppendWatchedEvent(std::string& message, std::string_view encoded_event);

// Appends WatchEventsResponse's checkpoint_token.
void AppendCheckpoint(std::string& message, std::string_view token);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_WIRE_COMMENT_WIRE_H_
