// The little round that stands for a person. Pure functions, thread-safe. gateway/web draws the
// same ones: both pass tests/gateway/page_text_vectors.json.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_AVATAR_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_AVATAR_H_

#include <string>
#include <string_view>

namespace marginalia {

inline constexpr int kAvatarHues = 12;

// 0 to kAvatarHues - 1, always the same for the same person.
int AvatarHue(std::string_view user_id);

// The first character of the name, a to z as capitals; "?" where there is no name.
std::string AvatarLetter(std::string_view display_name);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_AVATAR_H_
