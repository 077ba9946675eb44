// What all pages have around their content. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_FRAME_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_FRAME_H_

#include <string_view>

#include "gateway/http/gate/api_call.h"
#include "gateway/pages/frame/template.h"

namespace marginalia {

// The head of a page, and who looks at it where that is known: a page's data to begin with.
PageData FrameData(const ApiCallFacts& facts, std::string_view title);

// What a person is called: by name, or by id where the token told no name.
std::string_view ShownName(std::string_view display_name, std::string_view user_id);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_FRAME_H_
