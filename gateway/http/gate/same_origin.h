// Whether a browser sent a request from one of our own pages, so that another site cannot act with
// the cookie of whoever visits it. Pure function, thread-safe.
#ifndef MARGINALIA_GATEWAY_HTTP_GATE_SAME_ORIGIN_H_
#define MARGINALIA_GATEWAY_HTTP_GATE_SAME_ORIGIN_H_

#include "gateway/http/message.h"

namespace marginalia {

// Sec-Fetch-Site must be "same-origin"; where a browser does not send it, Origin must name the host
// and the port that Host names, and HTTPS where TLS ends here. A request with neither is not taken
// for one of ours.
bool IsFromSameOrigin(const HttpRequest& request);

// Whether Origin says that the page came over plain HTTP from another machine than the browser's
// own. A browser keeps no Secure cookie of such a place.
bool IsFromInsecurePage(const HttpRequest& request);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_HTTP_GATE_SAME_ORIGIN_H_
