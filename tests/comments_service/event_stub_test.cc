#include "comments-service/thread/wire/event_stub.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace marginalia {
namespace {

constexpr std::int64_t kMicros = 1'700'000'000'123'456;

// A comment and its thread as they are after it was added, and the event that says so.
struct Added {
  EventView Event() {
    view = ViewOf(comment);
    return {.kind = kind,
            .position = 77,
            .number = number,
            .org_id = "acme",
            .event_micros = event_micros,
            .invoice_id = comment.invoice_id,
            .thread = thread,
            .comment = &view};
  }

  EventKind kind = EventKind::kCommentAdded;
  std::int64_t number = 5;
  std::int64_t event_micros = kMicros;
  Comment comment{.comment_id = "018f4e2a-9c3b-7d10-8a55-0242ac120002",
                  .invoice_id = "INV-1042",
                  .author = {"dana", "Dana \xC3\xA9"},
                  .body = "Is this paid?",
                  .create_time = absl::FromUnixMicros(kMicros),
                  .sequence = 3,
                  .mentions = "priya\nsam"};
  Thread thread{.place_count = 3,
                .last_comment_time = absl::FromUnixMicros(kMicros),
                .last_author_name = "Dana \xC3\xA9"};
  CommentView view;
};

std::vector<Added> AllKinds() {
  std::vector<Added> all(8);
  all[1].number = std::int64_t{1} << 40;
  all[2].thread.change_count = 300;
  all[2].thread.removed_count = 1;
  all[3].thread.resolved = true;
  all[3].thread.state_time = absl::FromUnixMicros(kMicros - 1);
  all[3].thread.state_actor = {"alex", "Alex"};
  all[4].thread.state_time = absl::FromUnixMicros(kMicros - 1);
  all[4].thread.state_actor = {std::string(200, 'x'), ""};
  // An import, and a clock that was set back.
  all[5].event_micros += 1'000'000'000'000;
  all[6].event_micros -= 5;
  all[7].comment.author.display_name = "";
  all[7].thread.last_author_name = "";
  all[7].comment.mentions = "";
  return all;
}

TEST(EventStubTest, TheWholeEventIsTheSameToTheByteAndTheStubHoldsNoWord) {
  for (Added& added : AllKinds()) {
    const EventView event = added.Event();
    const std::string stub = EventStub(event);
    ASSERT_FALSE(stub.empty());
    EXPECT_EQ(stub.find("paid"), std::string::npos);
    EXPECT_EQ(WholeEvent(stub, 77, "acme", added.view), EncodeEvent(event));
  }
  EXPECT_LE(EventStub(AllKinds().front().Event()).size(), 4U);
}

TEST(EventStubTest, AStubThatWasChangedTellsSomethingElse) {
  for (Added& added : AllKinds()) {
    const EventView event = added.Event();
    const std::string stub = EventStub(event);
    for (std::size_t i = 0; i < stub.size(); ++i) {
      std::string changed = stub;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_NE(WholeEvent(changed, 77, "acme", added.view), EncodeEvent(event)) << i;
    }
    EXPECT_NE(WholeEvent(stub.substr(0, stub.size() - 1), 77, "acme", added.view),
              EncodeEvent(event));
    EXPECT_FALSE(WholeEvent("\x05", 77, "acme", added.view).has_value());
    EXPECT_FALSE(WholeEvent("", 77, "acme", added.view).has_value());
    EXPECT_FALSE(WholeEvent(EncodeEvent(event), 77, "acme", added.view).has_value());
  }
}

TEST(EventStubTest, WhatTheCommentsRowDoesNotSayIsStoredWhole) {
  std::vector<Added> others(6);
  others[0].kind = EventKind::kCommentEdited;
  others[1].comment.revision = 2;
  others[2].comment.removal = Removal{.time = absl::FromUnixMicros(kMicros)};
  others[3].thread.place_count = 4;
  others[4].thread.last_author_name = "Priya";
  others[5].comment.edit_time = absl::FromUnixMicros(kMicros);
  for (Added& other : others) EXPECT_EQ(EventStub(other.Event()), "");
}

}  // namespace
}  // namespace marginalia
