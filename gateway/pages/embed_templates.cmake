# Writes template_texts.cc from *.mustache files.
# Usage: cmake -DTEMPLATES="a.mustache b.mustache" -DOUTPUT=… -P embed_templates.cmake
separate_arguments(TEMPLATES)
set(ROWS "")
foreach(file ${TEMPLATES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND ROWS "      {\"${name}\", R\"mustache(${text})mustache\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"gateway/pages/frame/template_texts.h\"

namespace marginalia {

const std::vector<std::pair<std::string_view, std::string_view>>& TemplateTexts() {
  static const auto& texts = *new std::vector<std::pair<std::string_view, std::string_view>>{
${ROWS}  };
  return texts;
}

}  // namespace marginalia
")
