// The answers that pages are made of. Thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_RESPONSE_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_RESPONSE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/http/gate/api_call.h"
#include "gateway/http/message.h"

namespace marginalia {

// HTML that no cache keeps.
HttpResponse PageResponse(int status, std::string html);

// Shows whoever sent something else than a form that it was none: 415.
void RefuseOtherThanForm(ApiCall call);

// Whether a form's sender can do nothing about it on the page.
bool IsFinal(const absl::Status& failure);

// Whether what was wrong is the field that HTTP calls so (upstream/http_fields.h).
bool IsAbout(const absl::Status& failure, std::string_view field);

// 303 to an address of page_address.h.
HttpResponse SeeOther(std::string_view address);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_RESPONSE_H_
