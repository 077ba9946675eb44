#include "comments-service/thread/wire/comment_wire.h"

#include <google/protobuf/io/coded_stream.h>

#include <optional>

#include "absl/time/time.h"
#include "comments-service/thread/mentions.h"
#include "services/text/varint.h"

namespace marginalia {
namespace {

using google::protobuf::io::CodedOutputStream;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kNanosPerMicro = 1'000;

enum class WireType : std::uint32_t { kVarint = 0, kLength = 2 };

// All fields here have numbers below 16, so a tag is one byte.
void AppendTag(std::string& out, std::uint32_t field, WireType type) {
  out.push_back(static_cast<char>(field << 3 | static_cast<std::uint32_t>(type)));
}

// Proto3 leaves out what has its default value.
std::size_t NumberSize(std::int64_t value) {
  return value == 0 ? 0 : 1 + CodedOutputStream::VarintSize64(static_cast<std::uint64_t>(value));
}

void AppendNumber(std::string& out, std::uint32_t field, std::int64_t value) {
  if (value == 0) return;
  AppendTag(out, field, WireType::kVarint);
  AppendVarint(out, static_cast<std::uint64_t>(value));
}

std::size_t LengthSize(std::size_t length) {
  return 1 + CodedOutputStream::VarintSize64(length) + length;
}

void AppendLength(std::string& out, std::uint32_t field, std::size_t length) {
  AppendTag(out, field, WireType::kLength);
  AppendVarint(out, length);
}

std::size_t TextSize(std::string_view text) { return text.empty() ? 0 : LengthSize(text.size()); }

void AppendText(std::string& out, std::uint32_t field, std::string_view text) {
  if (text.empty()) return;
  AppendLength(out, field, text.size());
  out.append(text);
}

// google.protobuf.Timestamp: nanos count forward from seconds, also before 1970.
struct Timestamp {
  explicit Timestamp(std::int64_t micros) {
    seconds = micros / kMicrosPerSecond;
    std::int64_t rest = micros % kMicrosPerSecond;
    if (rest < 0) {
      rest += kMicrosPerSecond;
      --seconds;
    }
    nanos = rest * kNanosPerMicro;
  }
  std::size_t Size() const { return NumberSize(seconds) + NumberSize(nanos); }

  std::int64_t seconds;
  std::int64_t nanos;
};

void AppendTimestamp(std::string& out, std::uint32_t field, const Timestamp& time) {
  AppendLength(out, field, time.Size());
  AppendNumber(out, 1, time.seconds);
  AppendNumber(out, 2, time.nanos);
}

std::size_t AuthorSize(std::string_view id, std::string_view name) {
  return TextSize(id) + TextSize(name);
}

void AppendAuthor(std::string& out, std::uint32_t field, std::string_view id,
                  std::string_view name) {
  AppendLength(out, field, AuthorSize(id, name));
  AppendText(out, 1, id);
  AppendText(out, 2, name);
}

std::size_t RemovalSize(const CommentView& comment) {
  return LengthSize(Timestamp(comment.removal_micros).Size()) +
         LengthSize(AuthorSize(comment.remover_id, comment.remover_name)) +
         TextSize(comment.removal_reason);
}

std::string EtagOf(const CommentView& comment) {
  return CommentEtag(comment.revision, comment.removal_micros != 0, comment.erased);
}

std::size_t MentionsSize(std::string_view mentions) {
  std::size_t size = 0;
  for (const std::string_view user_id : MentionedUsers(mentions)) size += TextSize(user_id);
  return size;
}

void AppendComment(std::string& out, const CommentView& comment) {
  AppendText(out, 1, comment.comment_id);
  AppendText(out, 2, comment.invoice_id);
  AppendAuthor(out, 3, comment.author_id, comment.author_name);
  AppendText(out, 4, comment.body);
  AppendTimestamp(out, 5, Timestamp(comment.create_micros));
  AppendNumber(out, 6, comment.sequence);
  AppendNumber(out, 7, comment.revision);
  if (comment.edit_micros != 0) AppendTimestamp(out, 8, Timestamp(comment.edit_micros));
  if (comment.removal_micros != 0) {
    AppendLength(out, 9, RemovalSize(comment));
    AppendTimestamp(out, 1, Timestamp(comment.removal_micros));
    AppendAuthor(out, 2, comment.remover_id, comment.remover_name);
    AppendText(out, 3, comment.removal_reason);
  }
  AppendText(out, 10, EtagOf(comment));
  AppendNumber(out, 11, comment.erased ? 1 : 0);
  for (const std::string_view user_id : MentionedUsers(comment.mentions)) {
    AppendText(out, 12, user_id);
  }
}

// Nothing of a thread that has no such time, and 0 is none either.
std::int64_t MicrosOf(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : absl::ToUnixMicros(time);
}

std::string EncodeThread(const Thread& thread, std::string_view invoice_id) {
  std::string out;
  out.reserve(192);
  AppendText(out, 1, invoice_id);
  AppendNumber(out, 2, thread.resolved ? 2 : 1);
  if (const std::int64_t micros = MicrosOf(thread.state_time); micros != 0) {
    AppendTimestamp(out, 3, Timestamp(micros));
    AppendAuthor(out, 4, thread.state_actor.user_id, thread.state_actor.display_name);
  }
  AppendNumber(out, 5, thread.comment_count());
  AppendNumber(out, 6, thread.place_count);
  if (const std::int64_t micros = MicrosOf(thread.last_comment_time); micros != 0) {
    AppendTimestamp(out, 7, Timestamp(micros));
  }
  AppendText(out, 8, thread.last_author_name);
  AppendNumber(out, 9, thread.revision());
  AppendText(out, 10, thread.etag());
  return out;
}

}  // namespace

CommentView ViewOf(const Comment& comment) {
  const std::optional<Removal>& removal = comment.removal;
  return CommentView{.comment_id = comment.comment_id,
                     .invoice_id = comment.invoice_id,
                     .author_id = comment.author.user_id,
                     .author_name = comment.author.display_name,
                     .body = comment.body,
                     .create_micros = absl::ToUnixMicros(comment.create_time),
                     .sequence = comment.sequence,
                     .revision = comment.revision,
                     .edit_micros = comment.edit_time ? absl::ToUnixMicros(*comment.edit_time) : 0,
                     .removal_micros = removal ? absl::ToUnixMicros(removal->time) : 0,
                     .remover_id = removal ? removal->actor.user_id : std::string_view(),
                     .remover_name = removal ? removal->actor.display_name : std::string_view(),
                     .removal_reason = removal ? removal->reason : std::string_view(),
                     .erased = comment.erased,
                     .mentions = comment.mentions};
}

std::size_t CommentWireSize(const CommentView& comment) {
  return TextSize(comment.comment_id) + TextSize(comment.invoice_id) +
         LengthSize(AuthorSize(comment.author_id, comment.author_name)) + TextSize(comment.body) +
         LengthSize(Timestamp(comment.create_micros).Size()) + NumberSize(comment.sequence) +
         NumberSize(comment.revision) +
         (comment.edit_micros != 0 ? LengthSize(Timestamp(comment.edit_micros).Size()) : 0) +
         (comment.removal_micros != 0 ? LengthSize(RemovalSize(comment)) : 0) +
         TextSize(EtagOf(comment)) + NumberSize(comment.erased ? 1 : 0) +
         MentionsSize(comment.mentions);
}

void AppendPageComment(std::string& page, const CommentView& comment) {
  AppendLength(page, 1, CommentWireSize(comment));
  AppendComment(page, comment);
}

void AppendPageTail(std::string& page, const PageTail& tail) {
  AppendText(page, 2, tail.next_page_token);
  AppendText(page, 3, tail.previous_page_token);
  AppendNumber(page, 4, tail.total_size);
  AppendText(page, 5, tail.consistency_token);
  if (tail.thread == nullptr) return;
  const std::string thread = EncodeThread(*tail.thread, tail.invoice_id);
  AppendLength(page, 6, thread.size());
  page.append(thread);
}

void AppendReadState(std::string& page, const ReadState& state) {
  const std::int64_t mentioned = state.mentioned ? 1 : 0;
  AppendLength(page, 7,
               TextSize(state.invoice_id) + NumberSize(state.read_sequence) +
                   NumberSize(state.newest_sequence) + NumberSize(state.unread_count) +
                   NumberSize(mentioned));
  AppendText(page, 1, state.invoice_id);
  AppendNumber(page, 2, state.read_sequence);
  AppendNumber(page, 3, state.newest_sequence);
  AppendNumber(page, 4, state.unread_count);
  AppendNumber(page, 5, mentioned);
}

std::string EncodeEvent(const EventView& event) {
  const Timestamp time(event.event_micros);
  const std::string thread = EncodeThread(event.thread, event.invoice_id);
  const std::size_t comment_size = event.comment == nullptr ? 0 : CommentWireSize(*event.comment);
  const std::int64_t thread_size =
      event.kind == EventKind::kCommentAdded ? event.thread.place_count : 0;
  // Who only wants to know what to drop reads no further than the id.
  const bool erased = event.kind == EventKind::kCommentErased;
  const std::size_t kind_size = (erased ? TextSize(event.comment->comment_id) : 0) +
                                (event.comment == nullptr ? 0 : LengthSize(comment_size)) +
                                NumberSize(thread_size);
  std::string out;
  out.reserve(NumberSize(event.position) + TextSize(event.org_id) + LengthSize(time.Size()) +
              LengthSize(kind_size) + NumberSize(event.number) + TextSize(event.invoice_id) +
              LengthSize(thread.size()));
  AppendNumber(out, 1, event.position);
  AppendText(out, 2, event.org_id);
  AppendTimestamp(out, 3, time);
  AppendLength(out, static_cast<std::uint32_t>(event.kind), kind_size);
  if (erased) AppendText(out, 1, event.comment->comment_id);
  if (event.comment != nullptr) {
    AppendLength(out, erased ? 2 : 1, comment_size);
    AppendComment(out, *event.comment);
  }
  AppendNumber(out, 2, thread_size);
  AppendNumber(out, 10, event.number);
  AppendText(out, 11, event.invoice_id);
  AppendLength(out, 12, thread.size());
  out.append(thread);
  return out;
}

std::string_view WithoutPosition(std::string_view encoded_event) {
  std::string tag;
  AppendTag(tag, 1, WireType::kVarint);
  if (!encoded_event.starts_with(tag)) return encoded_event;
  // Of a varint, the last byte alone has no continuation bit.
  const auto end = std::find_if(encoded_event.begin() + 1, encoded_event.end(),
                                [](char byte) { return (byte & 0x80) == 0; });
  return end == encoded_event.end() ? "" : std::string_view(end + 1, encoded_event.end());
}

void AppendWatchedEvent(std::string& message, std::string_view encoded_event) {
  AppendLength(message, 1, encoded_event.size());
  message.append(encoded_event);
}

void AppendCheckpoint(std::string& message, std::string_view token) {
  AppendText(message, 2, token);
}

}  // namespace marginalia
