#include "gateway/pages/frame/page_address.h"

#include <algorithm>

#include "gateway/http/percent_encoding.h"
#include "services/text/path_id.h"

namespace marginalia {
namespace {

constexpr std::string_view kInvoices = "/invoices";

// What a path and its query are made of (RFC 3986, 3.3 and 3.4). A backslash is not among them:
// browsers read it as a slash.
bool IsOfPath(char c) {
  return IsUnreserved(c) || std::string_view("%/?:@!$&()*+,;=").find(c) != std::string_view::npos;
}

}  // namespace

std::string InvoicePath(std::string_view invoice_id) {
  return std::string(kInvoices) + "/" + PercentEncode(invoice_id);
}

std::string InvoicePath(std::string_view number, std::string_view invoice_id) {
  const bool is_fit = FaultOfPathId(number, number.size()).empty();
  return InvoicePath(is_fit ? number : invoice_id);
}

std::string WithQuery(
    std::string_view path,
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  std::string address(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    address += separator;
    address += name;
    address += '=';
    address += PercentEncode(value);
    separator = '&';
  }
  return address;
}

std::string LocalPath(std::string_view next) {
  const bool local = !next.empty() && next.front() == '/' && next.substr(0, 2) != "//" &&
                     std::all_of(next.begin(), next.end(), IsOfPath);
  return std::string(local ? next : kInvoices);
}

}  // namespace marginalia
