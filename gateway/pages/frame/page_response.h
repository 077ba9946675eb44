// The answers that pages are made of. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_RESPONSE_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_RESPONSE_H_

#include <string>
#include <string_view>

#include "gateway/http/message.h"

namespace marginalia {

// HTML that no cache keeps.
HttpResponse PageResponse(int status, std::string html);

// 303 to an address of page_address.h.
HttpResponse SeeOther(std::string_view address);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_RESPONSE_H_
