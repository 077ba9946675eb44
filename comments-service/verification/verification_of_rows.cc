// Of Verification, what goes along the rows.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/thread/comment.h"
#include "comments-service/thread/store/comment_store.h"
#include "comments-service/verification/verification.h"

namespace marginalia {

bool Verification::StepPlaces(Connection& connection) {
  const std::vector<StoredPlace> places = ReadPlaces(connection, org_id_, place_.invoice_id,
                                                     place_.sequence, walk_begun_, kVerifyStepKeys);
  walk_begun_ = true;
  for (const StoredPlace& place : places) {
    if (!invoice_id_.empty() && place.invoice_id != invoice_id_) return true;
    const bool first = place.invoice_id != place_.invoice_id || place_.position == 0;
    if (place.comment_invoice_id != place.invoice_id || place.comment_sequence != place.sequence) {
      Broken(place.position, "stands elsewhere than its place in a thread says", place.comment_id);
    } else if (place.sequence != (first ? 1 : place_.sequence + 1) ||
               (!first && place.position <= place_.position)) {
      Broken(place.position, "stands elsewhere in its thread than its entry says",
             place.comment_id);
    }
    if (IsInLog(place.position)) places_.Add(place.position);
    place_ = place;
  }
  return places.size() < static_cast<std::size_t>(kVerifyStepKeys);
}

bool Verification::StepThreads(Connection& connection) {
  if (!invoice_id_.empty()) {
    for (const StoredThread& row :
         ReadStoredThreads(connection, org_id_, invoice_id_, /*after=*/false, 1)) {
      if (row.invoice_id == invoice_id_) CheckThread(row);
    }
    return CheckUnseenThreads(connection);
  }
  const std::vector<StoredThread> rows =
      ReadStoredThreads(connection, org_id_, thread_, walk_begun_, kVerifyStepKeys);
  walk_begun_ = true;
  for (const StoredThread& row : rows) CheckThread(row);
  if (!rows.empty()) thread_ = rows.back().invoice_id;
  if (rows.size() >= static_cast<std::size_t>(kVerifyStepKeys)) return false;
  return CheckUnseenThreads(connection);
}

void Verification::CheckThread(const StoredThread& row) {
  if (round_ == 0 && IsInLog(row.first_position)) thread_rows_.Add(row.first_position);
  if (!follower_.Follows(row.invoice_id)) return;
  const std::string_view what = follower_.RowDiffers(row);
  if (what.empty()) return;
  const FollowedThread thread = follower_.ThreadOf(row.invoice_id);
  std::int64_t position = thread.position;
  if (position == 0) position = row.first_position == 0 ? End() : row.first_position;
  Broken(
      {.position = position, .number = thread.number, .comment_id = "", .what = std::string(what)});
}

// Their rows are not there, or they changed for the first time when their rows had been compared.
bool Verification::CheckUnseenThreads(Connection& connection) {
  const std::vector<std::string> unseen = follower_.Unseen(kVerifyStepRows);
  for (const std::string& invoice_id : unseen) {
    const std::vector<StoredThread> rows =
        ReadStoredThreads(connection, org_id_, invoice_id, /*after=*/false, 1);
    if (!rows.empty() && rows.front().invoice_id == invoice_id) {
      CheckThread(rows.front());
      continue;
    }
    follower_.LacksRow(invoice_id);
    const FollowedThread thread = follower_.ThreadOf(invoice_id);
    Broken({.position = thread.position,
            .number = thread.number,
            .comment_id = "",
            .what = "is of a thread that is not there"});
  }
  return unseen.size() < static_cast<std::size_t>(kVerifyStepRows);
}

bool Verification::StepIds(Connection& connection) {
  const std::vector<StoredId> ids =
      ReadStoredIds(connection, org_id_, id_.high, id_.low, walk_begun_, kVerifyStepKeys);
  walk_begun_ = true;
  for (const StoredId& id : ids) {
    const bool leads = CanonicalCommentId(id.comment_id).ok();
    const UuidHalves halves = leads ? HalvesOf(id.comment_id) : UuidHalves{};
    if (!leads || halves.high != id.high || halves.low != id.low) {
      Broken(id.position, "is found by an id that is not its own", id.comment_id);
    }
    if (IsInLog(id.position)) ids_.Add(id.position);
    id_ = id;
  }
  return ids.size() < static_cast<std::size_t>(kVerifyStepKeys);
}

void Verification::Compare(Connection& connection, const Tally& expected, const Tally& counted,
                           std::string_view what) {
  if (expected.count == counted.count && expected.positions == counted.positions) return;
  const std::int64_t difference = expected.count - counted.count;
  if (difference != 1 && difference != -1) {
    return Broken(End(),
                  absl::StrCat("is the log's end, and before it a comment ", std::string(what)));
  }
  const std::int64_t position = difference * (expected.positions - counted.positions);
  const std::vector<StoredContent> comment =
      ReadContents(connection, org_id_, position - 1, position, 1);
  Broken(position, what, comment.empty() ? "" : comment.front().comment_id);
}

}  // namespace marginalia
