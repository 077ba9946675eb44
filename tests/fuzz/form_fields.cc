// A submitted form, and the address that it may lead to.
#include "gateway/http/form_fields.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "gateway/http/percent_encoding.h"
#include "gateway/pages/frame/page_address.h"
#include "services/text/utf8.h"
#include "tests/fuzz/fuzz_target.h"

namespace marginalia {
namespace {

void RequireLeadsNowhereElse(std::string_view next) {
  const std::string path = LocalPath(next);
  Require(path.front() == '/' && path.substr(0, 2) != "//", "a form leads to a path of this site");
  Require(path.find_first_of(std::string_view("\\ \t\r\n\0", 6)) == path.npos,
          "an address can stand in a header, and no browser reads it differently");
}

void ReadForm(std::string_view input) {
  for (const std::string_view name : {"body", "comment_id", "next"}) {
    const auto value = FormField(input, name);
    if (!value.ok()) {
      RequireRefusal(value.status(), "INVALID_FIELD");
      continue;
    }
    Require(IsValidUtf8(*value), "a field is UTF-8");
    const std::string as_sent = absl::StrReplaceAll(*value, {{"\n", "\r\n"}});
    const std::string again = "other=1&" + std::string(name) + "=" + PercentEncode(as_sent);
    Require(FormField(again, name).value() == *value,
            "a field reads the same when it is sent again");
    RequireLeadsNowhereElse(*value);
  }
  RequireLeadsNowhereElse(input);
}

const FuzzTarget kTarget("form_fields", ReadForm);

}  // namespace
}  // namespace marginalia
