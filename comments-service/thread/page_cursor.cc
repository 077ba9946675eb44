#include "comments-service/thread/page_cursor.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/tokens/page_token.h"

namespace marginalia {
namespace {

constexpr char kOlderMark = 'o';
constexpr char kNewerMark = 'n';

}  // namespace

std::string MakeCursorToken(const PageCursor& cursor,
                            std::initializer_list<std::string_view> binding) {
  std::string text(1, cursor.direction == PageCursor::Direction::kOlder ? kOlderMark : kNewerMark);
  absl::StrAppend(&text, cursor.from);
  return MakePageToken(text, binding);
}

absl::StatusOr<PageCursor> ParseCursorToken(std::string_view token,
                                            std::initializer_list<std::string_view> binding) {
  if (token.empty()) return PageCursor{};
  absl::StatusOr<std::string> text = ParsePageToken(token, binding);
  if (!text.ok()) return text.status();
  PageCursor cursor;
  const bool older = !text->empty() && text->front() == kOlderMark;
  const bool newer = !text->empty() && text->front() == kNewerMark;
  const bool number = (older || newer) && absl::SimpleAtoi(text->substr(1), &cursor.from);
  // Nothing is newer than the end of all numbers: no token says so, but anybody can make one.
  if (!number || cursor.from < 0 || (newer && cursor.from == PageCursor{}.from)) {
    return InvalidField("page_token", "is not one of this listing", "PAGE_TOKEN_INVALID");
  }
  cursor.direction = older ? PageCursor::Direction::kOlder : PageCursor::Direction::kNewer;
  return cursor;
}

PageTokens TokensOf(const PageCursor& cursor, const PageSpan* span,
                    std::initializer_list<std::string_view> binding) {
  using Direction = PageCursor::Direction;
  PageTokens tokens;
  if (span != nullptr) {
    tokens.previous = MakeCursorToken({Direction::kNewer, span->newest}, binding);
    if (span->more_older) {
      tokens.next = MakeCursorToken({Direction::kOlder, span->oldest}, binding);
    }
  } else if (cursor.direction == Direction::kNewer) {
    tokens.previous = MakeCursorToken(cursor, binding);
    tokens.next = MakeCursorToken({Direction::kOlder, cursor.from + 1}, binding);
  }
  return tokens;
}

}  // namespace marginalia
