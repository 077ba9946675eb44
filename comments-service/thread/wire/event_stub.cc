#include "comments-service/thread/wire/event_stub.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/storage/connection/row_select.h"

namespace marginalia {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// The numbers of a stub, in their order.
struct StubNumbers {
  enum Place { kKind, kNumber, kChangeCount, kRemovedCount, kResolved, kStateTime, kLater, kCount };
  std::array<std::uint64_t, kCount> values = {};

  std::int64_t operator[](Place place) const { return static_cast<std::int64_t>(values[place]); }
};

constexpr auto kAdded = static_cast<std::uint64_t>(EventKind::kCommentAdded);

// The words of an added comment are those of its first revision, which is kept apart from its first
// change on. PostgreSQL is told to find each comment by its whole key (page_store.cc).
std::string SelectAdded(DatabaseKind kind) {
  constexpr char kColumns[] =
      "SELECT e.position, c.invoice_id, c.sequence, c.comment_id, c.author_id, c.author_name,"
      " c.create_time, c.erased,"
      " CASE WHEN c.change_position = 0 THEN c.body ELSE coalesce((SELECT r.body"
      " FROM comment_revisions r WHERE r.org_id = c.org_id AND r.position = c.position"
      " AND r.revision = 1), '') END,"
      " CASE WHEN c.change_position = 0 THEN c.mentions ELSE coalesce((SELECT r.mentions"
      " FROM comment_revisions r WHERE r.org_id = c.org_id AND r.position = c.position"
      " AND r.revision = 1), '') END FROM events e ";
  constexpr char kEnd[] =
      " WHERE e.position >= :first AND e.position <= :last AND e.subject = '' ORDER BY e.position";
  if (kind == DatabaseKind::kSqlite) {
    return absl::StrCat(
        kColumns, "CROSS JOIN comments c ON c.org_id = e.org_id AND c.position = e.position", kEnd);
  }
  return absl::StrCat(kColumns,
                      "CROSS JOIN LATERAL (SELECT n.* FROM comments n WHERE n.org_id = e.org_id"
                      " AND n.position = e.position LIMIT 1) AS c",
                      kEnd);
}

bool IsInItsRow(const EventView& event) {
  if (event.kind != EventKind::kCommentAdded) return false;
  const CommentView& comment = *event.comment;
  const Thread& thread = event.thread;
  return comment.revision == 1 && comment.edit_micros == 0 && comment.removal_micros == 0 &&
         !comment.erased && comment.invoice_id == event.invoice_id &&
         thread.place_count == comment.sequence &&
         thread.last_comment_time == absl::FromUnixMicros(comment.create_micros) &&
         thread.last_author_name == comment.author_name;
}

struct SelectAddedComments {
  explicit SelectAddedComments(Connection& connection)
      : rows(connection, SelectAdded(connection.kind()), {RowSelect::kInteger, RowSelect::kInteger},
             {RowSelect::kInteger, RowSelect::kText, RowSelect::kInteger, RowSelect::kText,
              RowSelect::kText, RowSelect::kText, RowSelect::kInteger, RowSelect::kInteger,
              RowSelect::kText, RowSelect::kText}) {}
  RowSelect rows;
};

// As SelectAdded has it.
CommentView AddedIn(const RowSelect& row) {
  return CommentView{.comment_id = row.Text(3),
                     .invoice_id = row.Text(1),
                     .author_id = row.Text(4),
                     .author_name = row.Text(5),
                     .body = row.Text(8),
                     .create_micros = row.Integer(6),
                     .sequence = row.Integer(2),
                     .erased = row.Integer(7) != 0,
                     .mentions = row.Text(9)};
}

}  // namespace

std::string EventStub(const EventView& event) {
  if (!IsInItsRow(event)) return "";
  const Thread& thread = event.thread;
  const bool settled = thread.state_time != absl::InfinitePast();
  const StubNumbers numbers = {
      {kAdded, static_cast<std::uint64_t>(event.number),
       static_cast<std::uint64_t>(thread.change_count),
       static_cast<std::uint64_t>(thread.removed_count), thread.resolved ? 1U : 0U,
       settled ? static_cast<std::uint64_t>(absl::ToUnixMicros(thread.state_time)) : 0,
       WireFormatLite::ZigZagEncode64(event.event_micros - event.comment->create_micros)}};
  std::size_t count = numbers.values.size();
  if (!settled) {
    while (numbers.values[count - 1] == 0) --count;
  }
  std::string stub;
  google::protobuf::io::StringOutputStream stream(&stub);
  CodedOutputStream out(&stream);
  for (std::size_t i = 0; i < count; ++i) out.WriteVarint64(numbers.values[i]);
  if (settled) {
    out.WriteVarint64(thread.state_actor.user_id.size());
    out.WriteString(thread.state_actor.user_id);
    out.WriteString(thread.state_actor.display_name);
  }
  out.Trim();
  return stub;
}

std::optional<std::string> WholeEvent(std::string_view stub, std::int64_t position,
                                      std::string_view org_id, const CommentView& comment) {
  const int size = static_cast<int>(stub.size());
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(stub.data()), size);
  StubNumbers numbers;
  for (std::uint64_t& value : numbers.values) {
    if (in.CurrentPosition() < size && !in.ReadVarint64(&value)) return std::nullopt;
  }
  if (numbers.values[StubNumbers::kKind] != kAdded || numbers[StubNumbers::kResolved] > 1) {
    return std::nullopt;
  }
  const bool settled = numbers[StubNumbers::kStateTime] != 0;
  if (settled != (in.CurrentPosition() < size)) return std::nullopt;
  Thread thread{.place_count = comment.sequence,
                .change_count = numbers[StubNumbers::kChangeCount],
                .removed_count = numbers[StubNumbers::kRemovedCount],
                .last_comment_time = absl::FromUnixMicros(comment.create_micros),
                .last_author_name = std::string(comment.author_name),
                .resolved = numbers[StubNumbers::kResolved] != 0};
  if (settled) {
    std::uint64_t length = 0;
    if (!in.ReadVarint64(&length)) return std::nullopt;
    const auto rest = static_cast<std::uint64_t>(size - in.CurrentPosition());
    if (length > rest) return std::nullopt;
    thread.state_time = absl::FromUnixMicros(numbers[StubNumbers::kStateTime]);
    const std::string_view actor = stub.substr(static_cast<std::size_t>(in.CurrentPosition()));
    thread.state_actor = {std::string(actor.substr(0, length)), std::string(actor.substr(length))};
  }
  const std::int64_t later = WireFormatLite::ZigZagDecode64(numbers.values[StubNumbers::kLater]);
  return EncodeEvent({.kind = EventKind::kCommentAdded,
                      .position = position,
                      .number = numbers[StubNumbers::kNumber],
                      .org_id = org_id,
                      .event_micros = comment.create_micros + later,
                      .invoice_id = comment.invoice_id,
                      .thread = thread,
                      .comment = &comment});
}

void CompleteEvents(Connection& connection, std::vector<std::shared_ptr<Event>>& events) {
  auto event = events.begin();
  RowSelect& rows = connection.Prepared<SelectAddedComments>().rows;
  rows.With(events.front()->position).With(events.back()->position);
  while (rows.Next()) {
    const std::int64_t position = rows.Integer(0);
    while (event != events.end() && (*event)->position < position) ++event;
    // One that was not asked for.
    if (event == events.end() || (*event)->position != position) continue;
    const CommentView comment = AddedIn(rows);
    std::optional<std::string> whole =
        WholeEvent((*event)->payload, position, (*event)->org_id, comment);
    if (!whole.has_value()) continue;
    (*event)->payload = *std::move(whole);
    (*event)->subject = comment.invoice_id;
  }
}

}  // namespace marginalia
