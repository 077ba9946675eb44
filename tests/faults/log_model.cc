#include "tests/faults/log_model.h"

#include <gtest/gtest.h>

namespace marginalia {

using comments::v1::Comment;
using comments::v1::Event;

const Comment* CommentOf(const Event& event) {
  switch (event.kind_case()) {
    case Event::kCommentAdded:
      return &event.comment_added().comment();
    case Event::kCommentEdited:
      return &event.comment_edited().comment();
    case Event::kCommentRemoved:
      return &event.comment_removed().comment();
    case Event::kCommentErased:
      return &event.comment_erased().comment();
    default:
      return nullptr;
  }
}

const ModelThread& LogModel::thread(const std::string& invoice_id) const {
  static const auto& none = *new ModelThread;
  const auto found = threads_.find(invoice_id);
  return found == threads_.end() ? none : found->second;
}

const std::vector<Happened>& LogModel::of(const std::string& org_id) const {
  static const auto& none = *new std::vector<Happened>;
  const auto found = by_org_.find(org_id);
  return found == by_org_.end() ? none : found->second;
}

void LogModel::Apply(const Event& event) {
  EXPECT_EQ(event.position(), ++position_);
  std::vector<Happened>& happened = by_org_[event.org_id()];
  EXPECT_EQ(event.number(), static_cast<std::int64_t>(happened.size()) + 1) << event.org_id();
  const Comment* const comment = CommentOf(event);
  happened.push_back({.kind = event.kind_case(),
                      .invoice_id = event.invoice_id(),
                      .comment_id = comment == nullptr ? "" : comment->comment_id(),
                      .body = comment == nullptr ? "" : comment->body()});
  ModelThread& thread = threads_[event.invoice_id()];
  ++thread.events;
  const comments::v1::Thread& after = event.thread();
  EXPECT_EQ(after.revision(), thread.facts.revision() + 1) << "at " << event.position();
  if (comment != nullptr) {
    ApplyComment(thread, event, *comment);
  } else {
    ApplySettlement(thread, event);
  }
  EXPECT_EQ(after.place_count(), static_cast<std::int64_t>(thread.comments.size()));
  EXPECT_EQ(after.comment_count(), after.place_count() - thread.removed);
  thread.facts = after;
}

void LogModel::ApplyComment(ModelThread& thread, const Event& event, const Comment& comment) {
  const std::string& id = comment.comment_id();
  const auto before = thread.comments.find(id);
  if (event.has_comment_added()) {
    EXPECT_EQ(before, thread.comments.end()) << "doubled: " << id;
    EXPECT_EQ(comment.sequence(), thread.facts.place_count() + 1);
    EXPECT_EQ(event.comment_added().thread_comment_count(), comment.sequence());
    EXPECT_EQ(comment.revision(), 1);
    thread.said[id].push_back(comment.body());
    thread.comments[id] = comment;
    return;
  }
  ASSERT_NE(before, thread.comments.end()) << "changed before it was there: " << id;
  Comment& known = before->second;
  EXPECT_EQ(comment.sequence(), known.sequence());
  EXPECT_EQ(comment.author().user_id(), known.author().user_id());
  EXPECT_EQ(comment.create_time().SerializeAsString(), known.create_time().SerializeAsString());
  if (event.has_comment_edited()) {
    EXPECT_FALSE(known.has_removal()) << "edited after it was removed: " << id;
    EXPECT_EQ(comment.revision(), known.revision() + 1);
    thread.said[id].push_back(comment.body());
  } else {
    EXPECT_EQ(comment.revision(), known.revision());
    EXPECT_TRUE(comment.has_removal());
    EXPECT_EQ(comment.body(), "");
    if (!known.has_removal()) ++thread.removed;
  }
  if (event.has_comment_removed()) {
    EXPECT_FALSE(known.has_removal()) << "removed twice: " << id;
  }
  if (event.has_comment_erased()) {
    EXPECT_TRUE(erased_.insert(id).second) << "erased twice: " << id;
    for (const std::string& body : thread.said[id]) EXPECT_EQ(body, "") << "not erased: " << id;
  }
  known = comment;
}

void LogModel::ApplySettlement(const ModelThread& thread, const Event& event) {
  const bool resolved = event.has_thread_resolved();
  EXPECT_TRUE(resolved || event.has_thread_reopened());
  EXPECT_EQ(event.thread().state(),
            resolved ? comments::v1::THREAD_STATE_RESOLVED : comments::v1::THREAD_STATE_OPEN);
  EXPECT_NE(event.thread().state(), thread.facts.state());
}

}  // namespace marginalia
