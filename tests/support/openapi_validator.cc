#include "tests/support/openapi_validator.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>
#include <vector>

namespace marginalia {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 15> kKnownKeywords = {
    "$ref",    "type",      "required", "properties",  "additionalProperties",
    "enum",    "items",     "minimum",  "maximum",     "minLength",
    "pattern", "maxLength", "format",   "description", "default"};

std::string_view View(json::string_view text) { return {text.data(), text.size()}; }

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

bool PathMatches(std::string_view route, std::string_view path) {
  const auto expected = Segments(route);
  const auto given = Segments(path);
  return std::equal(expected.begin(), expected.end(), given.begin(), given.end(),
                    [](std::string_view left, std::string_view right) {
                      return left == right || (left.starts_with('{') && !right.empty());
                    });
}

bool IsInteger(const json::value& value) { return value.is_int64() || value.is_uint64(); }

bool HasType(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return IsInteger(value);
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  return type == "null" && value.is_null();
}

bool HasOneType(const json::value& value, const json::value& types) {
  if (types.is_string()) return HasType(value, View(types.get_string()));
  return std::any_of(
      types.as_array().begin(), types.as_array().end(),
      [&](const json::value& type) { return HasType(value, View(type.as_string())); });
}

std::size_t CharacterCount(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string CheckNumber(const json::object& schema, const json::value& value,
                        const std::string& where) {
  const double number = value.to_number<double>();
  if (const auto* least = schema.if_contains("minimum");
      least != nullptr && number < least->to_number<double>()) {
    return where + " is too small";
  }
  if (const auto* most = schema.if_contains("maximum");
      most != nullptr && number > most->to_number<double>()) {
    return where + " is too large";
  }
  return "";
}

std::string CheckString(const json::object& schema, const json::value& value,
                        const std::string& where) {
  const std::string text(View(value.get_string()));
  const std::size_t characters = CharacterCount(text);
  if (const auto* least = schema.if_contains("minLength");
      least != nullptr && characters < least->to_number<std::size_t>()) {
    return where + " is too short";
  }
  if (const auto* most = schema.if_contains("maxLength");
      most != nullptr && characters > most->to_number<std::size_t>()) {
    return where + " is too long";
  }
  if (const auto* pattern = schema.if_contains("pattern");
      pattern != nullptr &&
      !std::regex_search(text, std::regex(std::string(View(pattern->as_string()))))) {
    return where + " does not match its pattern";
  }
  return "";
}

}  // namespace

OpenApiValidator::OpenApiValidator(std::string_view document)
    : document_(json::parse({document.data(), document.size()})) {}

const json::object& OpenApiValidator::Follow(const json::object& node) const {
  const json::value* reference = node.if_contains("$ref");
  if (reference == nullptr) return node;
  // "#/components/…" is a JSON pointer behind its '#'.
  return Follow(document_.at_pointer(reference->as_string().subview(1)).as_object());
}

const json::object* OpenApiValidator::FindPath(std::string_view target) const {
  const std::string_view path = target.substr(0, target.find('?'));
  for (const auto& [route, item] : document_.at("paths").as_object()) {
    if (PathMatches(View(route), path)) return &item.as_object();
  }
  return nullptr;
}

std::string OpenApiValidator::CheckAnswer(std::string_view method, std::string_view target,
                                          int status, std::string_view content_type,
                                          std::string_view body) const {
  std::string name(method == "HEAD" ? "GET" : method);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const json::object* path = FindPath(target);
  const json::value* operation = path == nullptr ? nullptr : path->if_contains(name);
  if (operation == nullptr) {
    if (status < 400) return "no operation is documented, and yet it succeeded";
    if (content_type != "application/problem+json") return "a failure that is no problem";
    return CheckSchema("Problem", body);
  }
  const json::object& responses = operation->at("responses").as_object();
  const json::value* response = responses.if_contains(std::to_string(status));
  if (response == nullptr && status >= 400) {
    response = responses.if_contains(status < 500 ? "4XX" : "5XX");
  }
  if (response == nullptr) return "status " + std::to_string(status) + " is not documented";
  if (method == "HEAD") return body.empty() ? "" : "an answer to HEAD has a body";
  return CheckBody(Follow(response->as_object()), content_type, body);
}

std::string OpenApiValidator::CheckBody(const json::object& response, std::string_view content_type,
                                        std::string_view body) const {
  const json::value* content = response.if_contains("content");
  if (content == nullptr) return body.empty() ? "" : "a body is not documented";
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  const json::value* media = content->as_object().if_contains(type);
  if (media == nullptr) return "media type " + std::string(content_type) + " is not documented";
  // A stream's messages are checked one by one.
  if (type == "text/event-stream") return "";
  if (type == "text/plain") {
    return CheckValue(media->at("schema").as_object(),
                      json::value(json::string_view(body.data(), body.size())), "$");
  }
  return CheckText(media->at("schema").as_object(), body);
}

std::string OpenApiValidator::CheckSchema(std::string_view schema_name,
                                          std::string_view body) const {
  return CheckText(document_.at_pointer("/components/schemas").at(schema_name).as_object(), body);
}

std::string OpenApiValidator::CheckText(const json::object& schema, std::string_view body) const {
  boost::system::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  if (error) return "the body is no JSON: " + error.message();
  return CheckValue(schema, value, "$");
}

std::string OpenApiValidator::CheckValue(const json::object& referring, const json::value& value,
                                         const std::string& where) const {
  const json::object& schema = Follow(referring);
  for (const auto& [keyword, ignored] : schema) {
    if (std::find(kKnownKeywords.begin(), kKnownKeywords.end(), View(keyword)) ==
        kKnownKeywords.end()) {
      return "the schema of " + where + " uses " + std::string(View(keyword)) +
             ", which this validator does not know";
    }
  }
  if (const auto* types = schema.if_contains("type"); types && !HasOneType(value, *types)) {
    return where + " has the wrong type";
  }
  if (const auto* allowed = schema.if_contains("enum")) {
    const json::array& values = allowed->as_array();
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      return where + " is none of the values allowed";
    }
  }
  if (value.is_string()) return CheckString(schema, value, where);
  if (value.is_number()) return CheckNumber(schema, value, where);
  if (value.is_object()) return CheckObject(schema, value.get_object(), where);
  if (!value.is_array() || !schema.contains("items")) return "";
  for (std::size_t i = 0; i < value.get_array().size(); ++i) {
    const std::string wrong = CheckValue(schema.at("items").as_object(), value.get_array()[i],
                                         where + "[" + std::to_string(i) + "]");
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string OpenApiValidator::CheckObject(const json::object& schema, const json::object& value,
                                          const std::string& where) const {
  if (const auto* required = schema.if_contains("required")) {
    for (const json::value& name : required->as_array()) {
      if (!value.contains(name.as_string())) {
        return where + "." + std::string(View(name.as_string())) + " is missing";
      }
    }
  }
  const json::value* properties = schema.if_contains("properties");
  for (const auto& [name, member] : value) {
    const std::string here = where + "." + std::string(View(name));
    const json::value* known =
        properties == nullptr ? nullptr : properties->as_object().if_contains(name);
    if (known != nullptr) {
      const std::string wrong = CheckValue(known->as_object(), member, here);
      if (!wrong.empty()) return wrong;
    } else if (const auto* more = schema.if_contains("additionalProperties");
               more != nullptr && *more == false) {
      return here + " is not documented";
    }
  }
  return "";
}

}  // namespace marginalia
