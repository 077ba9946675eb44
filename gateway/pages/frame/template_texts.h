// The texts of the templates, by name. Defined in template_texts.cc, which CMake writes from the
// *.mustache files.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_TEMPLATE_TEXTS_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_TEMPLATE_TEXTS_H_

#include <string_view>
#include <utility>
#include <vector>

namespace marginalia {

const std::vector<std::pair<std::string_view, std::string_view>>& TemplateTexts();

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_TEMPLATE_TEXTS_H_
