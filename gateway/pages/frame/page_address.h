// Where the links and redirects of pages lead. Pure functions, thread-safe. What they return is
// ASCII without spaces or quotes, fit for a header.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_ADDRESS_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_ADDRESS_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace marginalia {

// "/invoices/INV-1042"
std::string InvoicePath(std::string_view invoice_id);
// By number, unless it is one that no service takes (services/text/path_id.h) but that was stored
// before.
std::string InvoicePath(std::string_view number, std::string_view invoice_id);

// The path with those parameters that are not empty.
std::string WithQuery(
    std::string_view path,
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

// `next` where it is a path on this site, encoded as a browser sends it; else the list of invoices.
std::string LocalPath(std::string_view next);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_PAGE_ADDRESS_H_
