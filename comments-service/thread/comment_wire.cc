#include "comments-service/thread/comment_wire.h"

#include <bit>

#include "absl/time/time.h"

namespace marginalia {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kNanosPerMicro = 1'000;

enum class WireType : std::uint32_t { kVarint = 0, kLength = 2 };

std::size_t VarintSize(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

void AppendVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// All fields here have numbers below 16, so a tag is one byte.
void AppendTag(std::string& out, std::uint32_t field, WireType type) {
  out.push_back(static_cast<char>(field << 3 | static_cast<std::uint32_t>(type)));
}

// Proto3 leaves out what has its default value.
std::size_t NumberSize(std::int64_t value) {
  return value == 0 ? 0 : 1 + VarintSize(static_cast<std::uint64_t>(value));
}

void AppendNumber(std::string& out, std::uint32_t field, std::int64_t value) {
  if (value == 0) return;
  AppendTag(out, field, WireType::kVarint);
  AppendVarint(out, static_cast<std::uint64_t>(value));
}

std::size_t LengthSize(std::size_t length) { return 1 + VarintSize(length) + length; }

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

std::size_t AuthorSize(const CommentView& comment) {
  return TextSize(comment.author_id) + TextSize(comment.author_name);
}

void AppendComment(std::string& out, const CommentView& comment) {
  AppendText(out, 1, comment.comment_id);
  AppendText(out, 2, comment.invoice_id);
  AppendLength(out, 3, AuthorSize(comment));
  AppendText(out, 1, comment.author_id);
  AppendText(out, 2, comment.author_name);
  AppendText(out, 4, comment.body);
  AppendTimestamp(out, 5, Timestamp(comment.create_micros));
  AppendNumber(out, 6, comment.sequence);
}

}  // namespace

CommentView ViewOf(const Comment& comment) {
  return CommentView{.comment_id = comment.comment_id,
                     .invoice_id = comment.invoice_id,
                     .author_id = comment.author.user_id,
                     .author_name = comment.author.display_name,
                     .body = comment.body,
                     .create_micros = absl::ToUnixMicros(comment.create_time),
                     .sequence = comment.sequence};
}

std::size_t CommentWireSize(const CommentView& comment) {
  return TextSize(comment.comment_id) + TextSize(comment.invoice_id) +
         LengthSize(AuthorSize(comment)) + TextSize(comment.body) +
         LengthSize(Timestamp(comment.create_micros).Size()) + NumberSize(comment.sequence);
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
}

std::string EncodeCommentAdded(std::int64_t position, std::string_view org_id,
                               std::int64_t event_micros, const CommentView& comment) {
  const Timestamp time(event_micros);
  const std::size_t comment_size = CommentWireSize(comment);
  const std::size_t added_size = LengthSize(comment_size) + NumberSize(comment.sequence);
  std::string event;
  event.reserve(NumberSize(position) + TextSize(org_id) + LengthSize(time.Size()) +
                LengthSize(added_size));
  AppendNumber(event, 1, position);
  AppendText(event, 2, org_id);
  AppendTimestamp(event, 3, time);
  AppendLength(event, 4, added_size);
  AppendLength(event, 1, comment_size);
  AppendComment(event, comment);
  AppendNumber(event, 2, comment.sequence);
  return event;
}

void AppendWatchedEvent(std::string& message, std::string_view encoded_event) {
  AppendLength(message, 1, encoded_event.size());
  message.append(encoded_event);
}

void AppendCheckpoint(std::string& message, std::string_view token) {
  AppendText(message, 2, token);
}

}  // namespace marginalia
