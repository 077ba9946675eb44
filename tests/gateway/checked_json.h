// What the gateway answers, held to the schema that openapi.json has for it.
#ifndef MARGINALIA_TESTS_GATEWAY_CHECKED_JSON_H_
#define MARGINALIA_TESTS_GATEWAY_CHECKED_JSON_H_

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "gateway/api/openapi.h"
#include "tests/support/openapi_validator.h"

namespace marginalia {

inline boost::json::value CheckedJson(std::string_view schema, const std::string& text) {
  static const OpenApiValidator* document = new OpenApiValidator(OpenApiDocument());
  EXPECT_EQ(document->CheckSchema(schema, text), "") << text;
  return boost::json::parse(text);
}

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_CHECKED_JSON_H_
