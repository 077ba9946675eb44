// Arrays as PostgreSQL's text format has them (its manual, section 8.15.6), to give a statement
// many values in one parameter.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_TEXT_ARRAY_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_TEXT_ARRAY_H_

#include <string>
#include <string_view>

namespace marginalia {

// Adds one element to an array that begins as an empty string and ends with CloseArray.
inline void AppendToArray(std::string& array, std::string_view element) {
  array += array.empty() ? "{\"" : ",\"";
  for (const char c : element) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

inline void CloseArray(std::string& array) { array += array.empty() ? "{}" : "}"; }

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_TEXT_ARRAY_H_
