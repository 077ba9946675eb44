// What a page hands to its script: the data that it was rendered from. Pure function, thread-safe.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_DEHYDRATED_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_DEHYDRATED_H_

#include <string>

#include "gateway/pages/views/thread_view.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/identity/caller.h"

namespace marginalia {

// {invoiceId, cursor, page, viewer {orgId, userId, displayName, canComment}, etag}: `page` and
// `etag` are those of GET /api/invoices/{invoiceId}/comments with that cursor, or around the
// comment that a cursor "around:ID" names. It holds no "<", so that nothing in it ends the script
// element around it.
std::string Dehydrated(const comments::v1::ListCommentsResponse& page, const ThreadPlace& place,
                       const Caller& caller);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_DEHYDRATED_H_
