#include "gateway/upstream/comment_id.h"

#include <cstdint>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace marginalia {

// RFC 9562, 5.7: milliseconds since 1970, then chance.
std::string NewCommentId() {
  thread_local absl::BitGen random;
  const auto milliseconds = static_cast<std::uint64_t>(absl::ToUnixMillis(absl::Now()));
  const auto high = absl::Uniform<std::uint64_t>(random);
  const auto low = absl::Uniform<std::uint64_t>(random);
  const auto hex = [](std::uint64_t value, absl::PadSpec digits) {
    return absl::StrCat(absl::Hex(value, digits));
  };
  return absl::StrCat(hex(milliseconds >> 16, absl::kZeroPad8), "-",
                      hex(milliseconds & 0xFFFF, absl::kZeroPad4), "-",
                      hex((high & 0x0FFF) | 0x7000, absl::kZeroPad4), "-",
                      hex((low >> 48 & 0x3FFF) | 0x8000, absl::kZeroPad4), "-",
                      hex(low & 0xFFFF'FFFF'FFFF, absl::kZeroPad12));
}

}  // namespace marginalia
