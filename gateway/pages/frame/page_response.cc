#include "gateway/pages/frame/page_response.h"

#include <utility>

namespace marginalia {
namespace {

constexpr std::string_view kUncached =
    "Cache-Control: private, no-store\r\nVary: Accept-Encoding\r\n";

}  // namespace

HttpResponse PageResponse(int status, std::string html) {
  HttpResponse response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.headers = kUncached;
  response.body = std::move(html);
  return response;
}

HttpResponse SeeOther(std::string_view address) {
  HttpResponse response;
  response.status = 303;
  response.headers = kUncached;
  response.headers += "Location: ";
  response.headers += address;
  response.headers += "\r\n";
  return response;
}

}  // namespace marginalia
