#include "gateway/pages/comment_draft.h"

#include <cstdint>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "gateway/pages/form_fields.h"

namespace marginalia {
namespace {

// RFC 9562, 5.4.
std::string RandomUuid() {
  thread_local absl::BitGen random;
  const auto high = absl::Uniform<std::uint64_t>(random);
  const auto low = absl::Uniform<std::uint64_t>(random);
  const auto hex = [](std::uint64_t value, absl::PadSpec digits) {
    return absl::StrCat(absl::Hex(value, digits));
  };
  return absl::StrCat(hex(high >> 32, absl::kZeroPad8), "-",
                      hex(high >> 16 & 0xFFFF, absl::kZeroPad4), "-",
                      hex((high & 0x0FFF) | 0x4000, absl::kZeroPad4), "-",
                      hex((low >> 48 & 0x3FFF) | 0x8000, absl::kZeroPad4), "-",
                      hex(low & 0xFFFF'FFFF'FFFF, absl::kZeroPad12));
}

}  // namespace

CommentDraft NewDraft() { return {RandomUuid(), "", ""}; }

absl::StatusOr<CommentDraft> DraftFromForm(std::string_view form) {
  auto comment_id = FormField(form, "comment_id");
  if (!comment_id.ok()) return comment_id.status();
  auto body = FormField(form, "body");
  if (!body.ok()) return body.status();
  return CommentDraft{*std::move(comment_id), *std::move(body), ""};
}

}  // namespace marginalia
