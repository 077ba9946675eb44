// Where a page of a newest-first listing begins and which way it leads from there. Pure functions.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_PAGE_CURSOR_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_PAGE_CURSOR_H_

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace marginalia {

// Of an empty page token: the newest page, older than anything that can be.
struct PageCursor {
  enum class Direction { kOlder, kNewer };

  Direction direction = Direction::kOlder;
  // Exclusive: a sequence of a thread, or a position of the log.
  std::int64_t from = std::numeric_limits<std::int64_t>::max();
};

std::string MakeCursorToken(const PageCursor& cursor,
                            std::initializer_list<std::string_view> binding);

// Errors: INVALID_ARGUMENT, reason PAGE_TOKEN_INVALID. An empty token is the newest page.
absl::StatusOr<PageCursor> ParseCursorToken(std::string_view token,
                                            std::initializer_list<std::string_view> binding);

// What stands on a page: its newest and its oldest item, and whether older ones follow.
struct PageSpan {
  std::int64_t newest = 0;
  std::int64_t oldest = 0;
  bool more_older = false;
};

// The tokens of a page that was asked for with `cursor`. `span` is null for an empty page, which
// leads on to what may be added later, and back to where it was asked for from.
struct PageTokens {
  std::string next;
  std::string previous;
};
PageTokens TokensOf(const PageCursor& cursor, const PageSpan* span,
                    std::initializer_list<std::string_view> binding);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_PAGE_CURSOR_H_
