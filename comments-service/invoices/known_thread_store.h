// Whether a thread has a row, as storage tells it. Throws what SOCI throws.
#ifndef MARGINALIA_COMMENTS_SERVICE_INVOICES_KNOWN_THREAD_STORE_H_
#define MARGINALIA_COMMENTS_SERVICE_INVOICES_KNOWN_THREAD_STORE_H_

#include <string_view>

#include "services/storage/connection/connection.h"

namespace marginalia {

// Whether the thread has a comment, and its invoice has therefore been known to exist.
bool ThreadExists(Connection& connection, std::string_view org_id, std::string_view invoice_id);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_INVOICES_KNOWN_THREAD_STORE_H_
