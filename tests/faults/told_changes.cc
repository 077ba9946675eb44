#include "tests/faults/told_changes.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::Event;

// How many of a tenant's newest comments are on offer.
constexpr std::size_t kOfferedMax = 40;

}  // namespace

void ToldChanges::Add(Told told) {
  const std::lock_guard lock(mutex_);
  told_.push_back(std::move(told));
}

void ToldChanges::Offer(const Comment& comment, const std::string& org_id) {
  const std::lock_guard lock(mutex_);
  std::vector<Comment>& offered = offered_[org_id];
  offered.push_back(comment);
  if (offered.size() > kOfferedMax) offered.erase(offered.begin());
}

Comment ToldChanges::Any(const std::string& org_id, unsigned random) const {
  const std::lock_guard lock(mutex_);
  const auto found = offered_.find(org_id);
  return found == offered_.end() ? Comment() : found->second[random % found->second.size()];
}

void ToldChanges::Said(const std::string& org_id, const std::string& invoice_id,
                       const std::string& comment_id, const std::string& body) {
  const std::lock_guard lock(mutex_);
  said_.push_back({.org_id = org_id,
                   .kind = Event::kCommentAdded,
                   .invoice_id = invoice_id,
                   .comment_id = comment_id,
                   .body = body});
}

void ToldChanges::Settled(const std::string& org_id, Event::KindCase kind, std::int64_t number,
                          const std::string& invoice_id, const std::string& comment_id) {
  const std::lock_guard lock(mutex_);
  settled_.push_back({.org_id = org_id,
                      .kind = kind,
                      .number = number,
                      .invoice_id = invoice_id,
                      .comment_id = comment_id});
}

std::size_t ToldChanges::size() const {
  const std::lock_guard lock(mutex_);
  return told_.size() + settled_.size();
}

std::map<Event::KindCase, int> ToldChanges::Kinds() const {
  const std::lock_guard lock(mutex_);
  std::map<Event::KindCase, int> kinds;
  for (const std::vector<Told>* told : {&told_, &said_, &settled_}) {
    for (const Told& each : *told) ++kinds[each.kind];
  }
  return kinds;
}

void ToldChanges::Check(const LogModel& model) const {
  const std::lock_guard lock(mutex_);
  std::set<std::pair<std::string, std::int64_t>> seen;
  for (const Told& told : told_) {
    const std::vector<Happened>& log = model.of(told.org_id);
    ASSERT_GE(told.number, 1);
    ASSERT_LE(told.number, static_cast<std::int64_t>(log.size())) << "acknowledged and lost";
    const Happened& happened = log[static_cast<std::size_t>(told.number) - 1];
    EXPECT_EQ(happened.invoice_id, told.invoice_id);
    EXPECT_EQ(happened.comment_id, told.comment_id);
    if (told.replayed) continue;
    EXPECT_EQ(happened.kind, told.kind) << told.comment_id;
    EXPECT_TRUE(seen.emplace(told.org_id, told.number).second) << "told of twice: " << told.number;
    const bool erased = model.erased().contains(told.comment_id);
    EXPECT_EQ(happened.body, erased ? "" : told.body) << told.comment_id;
  }
  for (const Told& said : said_) {
    const ModelThread& thread = model.thread(said.invoice_id);
    const auto found = thread.said.find(said.comment_id);
    ASSERT_NE(found, thread.said.end()) << "said with a settlement and lost: " << said.comment_id;
    EXPECT_EQ(found->second.front(), model.erased().contains(said.comment_id) ? "" : said.body);
  }
  for (const Told& settled : settled_) {
    const std::vector<Happened>& log = model.of(settled.org_id);
    ASSERT_LE(settled.number, static_cast<std::int64_t>(log.size())) << "acknowledged and lost";
    const Happened& happened = log[static_cast<std::size_t>(settled.number) - 1];
    EXPECT_EQ(happened.invoice_id, settled.invoice_id);
    EXPECT_TRUE(happened.kind == settled.kind || happened.comment_id == settled.comment_id)
        << settled.number;
  }
}

}  // namespace marginalia
