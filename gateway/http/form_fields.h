// The fields of a submitted form, application/x-www-form-urlencoded (WHATWG URL, 5.1). Pure
// functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_FORM_FIELDS_H_
#define MARGINALIA_GATEWAY_HTTP_FORM_FIELDS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"

namespace marginalia {

// Whether the request's body is such a form.
bool IsForm(const HttpRequest& request);

// The value of a field, "" for one that is absent. Line ends come as CR LF and are LF again, as
// they were typed. Errors: INVALID_ARGUMENT about `name` when it is there twice, badly encoded or
// no UTF-8.
absl::StatusOr<std::string> FormField(std::string_view form, std::string_view name);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_FORM_FIELDS_H_
