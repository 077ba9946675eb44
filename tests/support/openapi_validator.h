// Checks answers of an HTTP API against its OpenAPI 3.1 document: that the status is documented for
// the operation, that the media type is, and that the body fits its schema. Knows the part of JSON
// Schema that our documents use, and refuses a document that uses more. Immutable, thread-safe.
#ifndef MARGINALIA_TESTS_SUPPORT_OPENAPI_VALIDATOR_H_
#define MARGINALIA_TESTS_SUPPORT_OPENAPI_VALIDATOR_H_

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace marginalia {

class OpenApiValidator {
 public:
  // Throws when the text is no JSON.
  explicit OpenApiValidator(std::string_view document);

  // What is wrong with the answer; empty: nothing. `target` may have a query. What has no operation
  // must be a problem.
  std::string CheckAnswer(std::string_view method, std::string_view target, int status,
                          std::string_view content_type, std::string_view body) const;

  // What is wrong with `body` as an instance of a schema of the components; empty: nothing.
  std::string CheckSchema(std::string_view schema_name, std::string_view body) const;

 private:
  const boost::json::object& Follow(const boost::json::object& node) const;
  const boost::json::object* FindPath(std::string_view target) const;
  std::string CheckBody(const boost::json::object& response, std::string_view content_type,
                        std::string_view body) const;
  std::string CheckText(const boost::json::object& schema, std::string_view body) const;
  std::string CheckValue(const boost::json::object& schema, const boost::json::value& value,
                         const std::string& where) const;
  std::string CheckObject(const boost::json::object& schema, const boost::json::object& value,
                          const std::string& where) const;

  const boost::json::value document_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_OPENAPI_VALIDATOR_H_
