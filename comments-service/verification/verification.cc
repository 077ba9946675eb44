#include "comments-service/verification/verification.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "comments-service/audit/audit_log.h"
#include "comments-service/record/imported_reason.h"
#include "comments-service/verification/comment_check.h"
#include "comments-service/verification/entry_check.h"

namespace marginalia {
namespace {

bool WasImportedRemoved(Connection& connection, const std::string& org_id, std::int64_t position) {
  const std::optional<StoredEntry> added = FindStoredEntry(connection, org_id, position);
  if (!added.has_value()) return false;
  const std::optional<ImportedOrigin> origin = ImportedOriginOf(added->entry);
  return origin && origin->removal;
}

const StoredEvent* EventAt(const std::vector<StoredEvent>& events, std::int64_t position) {
  const auto found = std::find_if(events.begin(), events.end(), [position](const auto& event) {
    return event.position == position;
  });
  return found == events.end() ? nullptr : &*found;
}

}  // namespace

Verification::Verification(std::string org_id, std::string invoice_id, std::int64_t round_changes)
    : org_id_(std::move(org_id)),
      invoice_id_(std::move(invoice_id)),
      round_changes_(round_changes),
      follower_(0, 1) {}

AuditVerdict Verification::verdict() const {
  return {.entry_count = checked_,
          .head_hash = hash_,
          .first_broken_position = broken_.position,
          .broken = broken_};
}

std::string_view Verification::stage() const {
  switch (stage_) {
    case Stage::kEntries:
      return "entries";
    case Stage::kPlaces:
      return "places in threads";
    case Stage::kThreads:
      return "threads";
    case Stage::kIds:
      return "ids";
    case Stage::kDone:
      break;
  }
  return "done";
}

void Verification::Step(Connection& connection) {
  head_ = ReadAuditHead(connection, org_id_);
  events_ = ReadEventLogEnds(connection, org_id_);
  if (!begun_) {
    begun_ = true;
    if (!tree_.Begin(connection, org_id_)) {
      Broken(End(), "is the log's end, and the stored tree has other nodes than it should");
    }
    // One thread changes no more often than its tenant's.
    rounds_ = invoice_id_.empty() ? 1 + head_.change_count / round_changes_ : 1;
    follower_ = ThreadFollower(0, rounds_);
  }
  if (!CatchUp(connection) || !CatchUpRound(connection)) return;
  switch (stage_) {
    case Stage::kEntries:
      CheckEnd(connection);
      bound_ = position_;
      place_.invoice_id = invoice_id_;
      place_.sequence = std::numeric_limits<std::int64_t>::min();
      walk_begun_ = false;
      stage_ = Stage::kPlaces;
      break;
    case Stage::kPlaces:
      if (!StepPlaces(connection)) break;
      Compare(connection, added_, places_, "is not in its thread");
      walk_begun_ = false;
      stage_ = Stage::kThreads;
      break;
    case Stage::kThreads:
      if (!StepThreads(connection)) break;
      if (round_ == 0)
        Compare(connection, threads_begun_, thread_rows_, "is of a thread that is not there");
      thread_.clear();
      walk_begun_ = false;
      if (round_ + 1 < rounds_) {
        ++round_;
        follower_ = ThreadFollower(round_, rounds_);
        followed_ = 0;
        break;
      }
      id_ = {.high = std::numeric_limits<std::int64_t>::min(),
             .low = std::numeric_limits<std::int64_t>::min()};
      stage_ = invoice_id_.empty() ? Stage::kIds : Stage::kDone;
      break;
    case Stage::kIds:
      if (!StepIds(connection)) break;
      Compare(connection, added_, ids_, "has an id that does not lead to it");
      stage_ = Stage::kDone;
      break;
    case Stage::kDone:
      break;
  }
  if (done() && broken_.position != 0 && broken_.number == 0) {
    broken_.number = ReadAuditMark(connection, org_id_, broken_.position).number;
  }
}

bool Verification::CatchUp(Connection& connection) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const std::int64_t after = position_;
  std::vector<StoredEntry> entries = ReadStoredEntries(connection, org_id_, after, step_rows_);
  bool ended = entries.size() < static_cast<std::size_t>(step_rows_);
  // Behind the last entry there is nothing, or it is forged.
  std::vector<StoredContent> contents =
      ContentsOf(connection, entries, after, ended ? kEnd : entries.back().entry.position);
  const std::size_t fit = CountThatFit(entries, contents);
  if (fit < entries.size()) {
    ended = false;
    entries.resize(fit);
    const std::int64_t last = entries.back().entry.position;
    std::erase_if(contents, [last](const StoredContent& each) { return each.position > last; });
    // What is left is read again.
    step_rows_ = static_cast<std::int64_t>(fit) + 1;
  } else {
    step_rows_ = std::min(2 * step_rows_, kVerifyStepRows);
  }
  for (const StoredEntry& stored : entries) CheckEntry(connection, stored);
  CheckContents(connection, entries, contents, after, ended ? kEnd : position_,
                {.compares = true, .follows = round_ == 0});
  BoundFollowed();
  return ended;
}

std::size_t Verification::CountThatFit(const std::vector<StoredEntry>& entries,
                                       const std::vector<StoredContent>& contents) {
  std::int64_t rows = 0;
  auto content = contents.begin();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::int64_t position = entries[i].entry.position;
    ++rows;
    while (content != contents.end() && content->position < position) ++content;
    if (content != contents.end() && content->position == position) {
      rows += std::clamp<std::int64_t>(content->revision - 1, 0, kVerifyStepRows);
    }
    if (rows > kVerifyStepRows && i > 0) return i;
  }
  return entries.size();
}

// How many changes there are the log's head says, but not in how many threads something was
// imported as removed.
void Verification::BoundFollowed() {
  while (static_cast<std::int64_t>(follower_.size()) > round_changes_ && invoice_id_.empty()) {
    rounds_ *= 2;
    follower_.Halve();
  }
}

bool Verification::CatchUpRound(Connection& connection) {
  if (round_ == 0) return true;
  const std::vector<StoredEntry> entries =
      ReadStoredEntries(connection, org_id_, followed_, kVerifyStepRows);
  if (!entries.empty()) {
    const std::int64_t after = followed_;
    followed_ = entries.back().entry.position;
    CheckContents(connection, entries, ContentsOf(connection, entries, after, followed_), after,
                  followed_, {.compares = false, .follows = true});
    BoundFollowed();
  }
  return entries.size() < static_cast<std::size_t>(kVerifyStepRows);
}

void Verification::CheckEntry(Connection& connection, const StoredEntry& stored) {
  const AuditEntry& entry = stored.entry;
  if (const std::string_view what = EntryDiffers(stored); !what.empty()) Broken(entry, what);
  const Digest leaf = EntryLeaf(hash_, entry);
  if (entry.hash != (entry.format == 1 ? EntryHash(hash_, entry) : HexOf(leaf))) {
    Broken(entry, "stands in the log without the hash that its content and place demand");
  }
  if (entry.position > head_.position) Broken(entry, "stands in the log behind its end");
  // The hash of format 1 says nothing of numbers, and that of format 2 nothing of positions.
  if (entry.number != checked_ + 1) Broken(entry, "stands in the log under another number");
  if (!tree_.Follow(connection, org_id_, leaf, entry.position)) {
    Broken(entry, "stands in the log and not in the stored tree");
  }
  hash_ = entry.hash;
  position_ = entry.position;
  ++checked_;
  if (!AddsComment(entry)) ++changes_;
}

void Verification::CheckContents(Connection& connection, const std::vector<StoredEntry>& entries,
                                 const std::vector<StoredContent>& contents, std::int64_t after,
                                 std::int64_t last, Pass pass) {
  std::vector<std::int64_t> positions;
  for (const StoredEntry& stored : entries) {
    if (Covers(stored.entry)) positions.push_back(stored.entry.position);
  }
  const std::vector<StoredEvent> events = ReadEventsAt(connection, org_id_, positions);
  auto content = contents.begin();
  const auto skip_to = [&](std::int64_t position) {
    for (; content != contents.end() && content->position < position; ++content) {
      if (pass.compares) Broken(content->position, "has no entry", content->comment_id);
    }
  };
  for (const StoredEntry& stored : entries) {
    const AuditEntry& entry = stored.entry;
    skip_to(entry.position);
    if (!Covers(entry)) continue;
    const StoredEvent* const event = EventAt(events, entry.position);
    if (!AddsComment(entry)) {
      CheckChange(connection, stored, event, pass);
    } else if (content != contents.end() && content->position == entry.position) {
      CheckAdded(connection, stored, *content++, event, pass);
    } else if (pass.compares) {
      Broken(entry, "stands in the log, and is not there");
    }
  }
  skip_to(std::numeric_limits<std::int64_t>::max());
  if (pass.compares && invoice_id_.empty()) {
    const std::int64_t forged = FirstForgedRevision(connection, org_id_, after, last);
    if (forged != 0) Broken(forged, "has revisions, and never changed or is not there");
  }
}

// Of one thread, those alone that its entries tell of: its other comments are found by their
// places.
std::vector<StoredContent> Verification::ContentsOf(Connection& connection,
                                                    const std::vector<StoredEntry>& entries,
                                                    std::int64_t after, std::int64_t last) {
  if (invoice_id_.empty()) {
    // One more than can have an entry.
    return ReadContents(connection, org_id_, after, last,
                        static_cast<std::int64_t>(entries.size()) + 1);
  }
  std::vector<StoredContent> contents;
  for (const StoredEntry& stored : entries) {
    const std::int64_t position = stored.entry.position;
    if (!Covers(stored.entry) || !AddsComment(stored.entry)) continue;
    for (StoredContent& each : ReadContents(connection, org_id_, position - 1, position, 1)) {
      contents.push_back(std::move(each));
    }
  }
  return contents;
}

void Verification::CheckAdded(Connection& connection, const StoredEntry& stored,
                              const StoredContent& comment, const StoredEvent* event, Pass pass) {
  const AuditEntry& entry = stored.entry;
  if (pass.compares) {
    if (stage_ == Stage::kEntries) {
      added_.Add(entry.position);
      if (comment.sequence == 1) threads_begun_.Add(entry.position);
    }
    const std::string_view what = CommentDiffers(connection, comment, stored);
    if (!what.empty()) Broken(entry, what);
  }
  const std::optional<ImportedOrigin> origin = ImportedOriginOf(entry);
  if (origin && origin->removal && Follows(entry, pass)) follower_.ApplyImportedRemoval(entry);
  std::optional<StoredRevision> first;
  if (comment.change_position != 0) {
    first = FindStoredRevision(connection, org_id_, comment.position, 1);
  }
  const EventTruth truth{
      .entry = stored, .comment = &comment, .revision = first ? &*first : nullptr};
  if (event == nullptr || !event->subject.empty()) {
    return CheckEvent(connection, event, truth, pass);
  }
  const StoredEvent whole = Completed(*event, truth);
  CheckEvent(connection, &whole, truth, pass);
}

void Verification::CheckChange(Connection& connection, const StoredEntry& stored,
                               const StoredEvent* event, Pass pass) {
  const AuditEntry& entry = stored.entry;
  std::optional<StoredContent> comment;
  std::optional<StoredRevision> revision;
  const bool follows = Follows(entry, pass);
  if (!pass.compares && !follows) return;
  if (!SettlesThread(entry)) {
    comment = FindContent(connection, org_id_, entry.comment_id);
    if (!comment.has_value() || comment->invoice_id != entry.invoice_id) {
      return Broken(entry, "stands in the log with a change, and is not there");
    }
    revision = FindStoredRevision(connection, org_id_, comment->position, entry.revision);
  }
  std::string_view what;
  if (pass.compares && comment.has_value()) what = ChangeDiffers(connection, *comment, stored);
  if (follows) {
    const std::int64_t position = comment.has_value() ? comment->position : 0;
    const bool was_shown =
        entry.action != kActionErased || !WasImportedRemoved(connection, org_id_, position);
    const bool took_away = follower_.Apply(stored, position, was_shown);
    if (what.empty() && took_away && entry.action == kActionErased) {
      what = ErasureDiffers(*comment, stored);
    }
  }
  if (!what.empty()) Broken(entry, what);
  CheckEvent(connection, event,
             {.entry = stored,
              .comment = comment ? &*comment : nullptr,
              .revision = revision ? &*revision : nullptr},
             pass);
}

void Verification::CheckEvent(Connection& connection, const StoredEvent* event,
                              const EventTruth& truth, Pass pass) {
  const AuditEntry& entry = truth.entry.entry;
  const bool retained = entry.position > events_.compacted;
  if (pass.compares && retained != (event != nullptr)) {
    return Broken(entry, retained ? "stands in the log, and its event is missing"
                                  : "has an event that was no longer to be kept");
  }
  if (event == nullptr) return;
  FollowedThread thread;
  EventTruth whole = truth;
  if (Follows(entry, pass)) {
    thread = follower_.ThreadOf(entry.invoice_id);
    whole.thread = &thread;
  } else if (!pass.compares) {
    return;
  }
  const std::string_view what = EventDiffers(connection, *event, whole);
  if (!what.empty()) Broken(entry, what);
}

// A chain whose tail was cut off is whole in itself, but does not lead to its head.
void Verification::CheckEnd(Connection& connection) {
  if (position_ <= head_.position &&
      (position_ != head_.position || hash_ != head_.hash || checked_ != head_.entry_count ||
       changes_ != head_.change_count)) {
    Broken(End(), "is the log's end, and the entries do not lead to it");
  }
  if (!tree_.EndsWithEntries()) {
    Broken(End(), "is the log's end, and the stored tree ends elsewhere");
  }
  if (events_.head < position_) {
    Broken(position_, "is the log's end, and the log of events ends before it");
  }
  if (events_.behind_head != 0) {
    Broken(events_.behind_head, "is an event behind the end of the log of events");
  }
  // There no entry leads to them, and no step along the log comes by.
  if (const std::string what = RowBeforeLog(connection, org_id_); !what.empty()) {
    Broken(End(), absl::StrCat("is the log's end, and before its beginning stands ", what));
  }
}

void Verification::Broken(Finding finding) {
  if (finding.position <= 0) finding.position = End();
  const bool first = broken_.position == 0 || finding.position < broken_.position;
  if (first) broken_ = std::move(finding);
}

void Verification::Broken(const AuditEntry& entry, std::string_view what) {
  Broken({.position = entry.position,
          .number = entry.number,
          .comment_id = entry.comment_id,
          .what = std::string(what)});
}

void Verification::Broken(std::int64_t position, std::string_view what,
                          std::string_view comment_id) {
  Broken({.position = position,
          .number = 0,
          .comment_id = std::string(comment_id),
          .what = std::string(what)});
}

}  // namespace marginalia
