#include "gateway/pages/views/count_text.h"

#include "absl/strings/str_cat.h"

namespace marginalia {

std::string CountNumber(std::int64_t count) {
  std::string number = absl::StrCat(count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (std::size_t at = number.size(); at > first_digit + 3;) number.insert(at -= 3, 1, ',');
  return number;
}

std::string CountWords(std::int64_t count) {
  if (count == 0) return "No comments";
  if (count == 1) return "1 comment";
  return CountNumber(count) + " comments";
}

std::string UnreadWords(std::int64_t count) {
  return (count > 99 ? "99+" : absl::StrCat(count)) + " unread";
}

}  // namespace marginalia
