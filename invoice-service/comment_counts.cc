#include "invoice-service/comment_counts.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "invoice-service/summary_cache.h"

namespace marginalia {
namespace {

static_assert(kCountedRowsReadMax == kSliceRowsMax, "a slice is what one read gives");

const std::vector<CountedThread>& ThreadsOf(const StateUpdate& update) {
  return static_cast<const ThreadCounts&>(update).threads;
}

using Key = std::pair<std::string_view, std::string_view>;

Key KeyOf(const CountedThread& thread) { return {thread.org_id, thread.invoice_id}; }

// No id holds a NUL.
std::string TextOf(const Key& key) {
  return absl::StrCat(absl::string_view(key.first.data(), key.first.size()),
                      absl::string_view("\0", 1),
                      absl::string_view(key.second.data(), key.second.size()));
}

Key ParseKey(std::string_view text) {
  const std::size_t end = text.find('\0');
  if (end == text.npos) return {};
  return {text.substr(0, end), text.substr(end + 1)};
}

// Whether `stored` says something else than the snapshot does, and is not merely ahead of it.
bool Differs(const CountedThread& stored, const CountedThread& snapshot, std::int64_t newer_than) {
  if (stored.position > newer_than) return stored.revision < snapshot.revision;
  return stored.comment_count != snapshot.comment_count ||
         stored.last_comment_time != snapshot.last_comment_time ||
         stored.last_author_name != snapshot.last_author_name || stored.state != snapshot.state ||
         stored.state_time != snapshot.state_time;
}

// Whether `stored`, which says what the snapshot does, says it by numbers of another log: by its
// revision, the events that follow in this one would pass for older ones.
bool IsOfAnotherLog(const CountedThread& stored, const CountedThread& snapshot,
                    const SnapshotSlice& slice) {
  return slice.newer_than == kNoRowIsNewer &&
         (stored.position > slice.as_of || stored.revision != snapshot.revision);
}

// What a slice holds of the page and of the stored rows, and what is to be done about it.
struct Difference {
  SliceOutcome outcome;
  std::vector<CountedThread> wrong;    // as they should be
  std::vector<CountedThread> unknown;  // stored, and in no snapshot
};

// Rows out of order would be held against others than their own.
absl::Status CheckOrder(const std::vector<CountedThread>& page, Key before) {
  for (const CountedThread& row : page) {
    if (KeyOf(row) <= before) {
      return absl::InternalError(
          "the snapshot of the thread counts is not in the order of its keys");
    }
    before = KeyOf(row);
  }
  return absl::OkStatus();
}

void HoldAgainst(std::span<const CountedThread> stored, std::span<const CountedThread> page,
                 const SnapshotSlice& slice, Difference& difference) {
  const auto should_be = [&](CountedThread row) {
    row.position = slice.as_of;
    difference.wrong.push_back(std::move(row));
  };
  std::size_t next = 0;
  for (const CountedThread& row : page) {
    for (; next < stored.size() && KeyOf(stored[next]) < KeyOf(row); ++next) {
      if (stored[next].position <= slice.newer_than) difference.unknown.push_back(stored[next]);
    }
    const bool is_there = next < stored.size() && KeyOf(stored[next]) == KeyOf(row);
    const bool differs = !is_there || Differs(stored[next], row, slice.newer_than);
    // Right by itself: written again, it takes the invoice's row with it.
    const bool is_misplaced = is_there && stored[next].is_misplaced;
    if (differs || is_misplaced) ++difference.outcome.rows_differing;
    if (differs || IsOfAnotherLog(stored[next], row, slice)) {
      should_be(row);
    } else if (is_misplaced) {
      difference.wrong.push_back(stored[next]);
    }
    if (is_there) ++next;
  }
  for (; next < stored.size(); ++next) {
    if (stored[next].position <= slice.newer_than) difference.unknown.push_back(stored[next]);
  }
  difference.outcome.rows_differing += static_cast<std::int64_t>(difference.unknown.size());
}

absl::StatusOr<Difference> FindDifference(Connection& connection, const SnapshotSlice& slice) {
  const std::vector<CountedThread>& page = ThreadsOf(slice.page);
  const Key after = ParseKey(slice.after);
  if (slice.first_of_page) {
    if (absl::Status ordered = CheckOrder(page, after); !ordered.ok()) return ordered;
  }
  std::vector<CountedThread> stored =
      CommentCountStore::ReadBehind(connection, after.first, after.second);
  const bool more_stored = stored.size() == kSliceRowsMax;
  // The slice ends with the page, if the stored rows that were read go so far.
  Key end = page.empty() ? after : KeyOf(page.back());
  Difference difference;
  bool& page_done = difference.outcome.page_done;
  page_done = !more_stored || (!slice.last_page && KeyOf(stored.back()) >= end);
  if (!page_done) end = KeyOf(stored.back());
  const auto is_behind = [](const Key& key, const CountedThread& row) { return key < KeyOf(row); };
  const auto page_begin = std::upper_bound(page.begin(), page.end(), after, is_behind);
  const auto page_end = std::upper_bound(page_begin, page.end(), end, is_behind);
  const bool to_the_end = page_done && slice.last_page;
  const auto stored_end =
      to_the_end ? stored.end() : std::upper_bound(stored.begin(), stored.end(), end, is_behind);
  HoldAgainst({stored.begin(), stored_end}, {page_begin, page_end}, slice, difference);
  difference.outcome.reached = TextOf(end);
  return difference;
}
}  // namespace

void CommentCounts::Apply(Connection& connection, const StateUpdate& update) {
  CommentCountStore::Apply(connection, ThreadsOf(update));
}

absl::StatusOr<SliceOutcome> CommentCounts::Compare(Connection& connection,
                                                    const SnapshotSlice& slice) {
  absl::StatusOr<Difference> difference = FindDifference(connection, slice);
  if (!difference.ok()) return difference.status();
  return std::move(difference->outcome);
}

absl::StatusOr<SliceOutcome> CommentCounts::Repair(Connection& connection,
                                                   const SnapshotSlice& slice) {
  absl::StatusOr<Difference> difference = FindDifference(connection, slice);
  if (!difference.ok()) return difference.status();
  for (const CountedThread& row : difference->unknown) {
    CommentCountStore::Remove(connection, row);
  }
  CommentCountStore::Repair(connection, difference->wrong);
  return std::move(difference->outcome);
}

void CommentCounts::Invalidate(const StateUpdate& update) {
  for (const CountedThread& thread : ThreadsOf(update)) {
    cache_.Invalidate(thread.org_id, thread.invoice_id);
  }
}

void CommentCounts::InvalidateAll() { cache_.InvalidateAll(); }
}  // namespace marginalia
