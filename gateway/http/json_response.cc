#include "gateway/http/json_response.h"

#include <utility>

namespace marginalia {
namespace {

constexpr std::string_view kCaching =
    "Cache-Control: private, no-cache\r\n"
    "Vary: Authorization, Cookie\r\n";
// Room for the headers that are added on the way out.
constexpr std::size_t kHeaderBytes = 384;

std::string Headers(std::string_view tag) {
  std::string headers;
  headers.reserve(kHeaderBytes);
  headers += kCaching;
  if (!tag.empty()) {
    headers += "ETag: ";
    headers += tag;
    headers += "\r\n";
  }
  return headers;
}

}  // namespace

HttpResponse JsonResponse(int status, std::string json, std::string_view tag) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.headers = Headers(tag);
  response.body = std::move(json);
  return response;
}

HttpResponse NotModified(std::string_view tag) {
  HttpResponse response;
  response.status = 304;
  response.headers = Headers(tag);
  return response;
}

}  // namespace marginalia
