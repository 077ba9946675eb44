#include "gateway/http/json_response.h"

#include <utility>

namespace marginalia {
namespace {

constexpr std::string_view kCaching =
    "Cache-Control: private, no-cache\r\n"
    "Vary: Authorization, Cookie, Accept-Encoding\r\n";
// Room for the headers that are added on the way out.
constexpr std::size_t kHeaderBytes = 384;

HttpResponse Response(int status, std::string_view tag) {
  HttpResponse response;
  response.status = status;
  response.headers.reserve(kHeaderBytes);
  response.headers += kCaching;
  response.tag = tag;
  return response;
}

}  // namespace

HttpResponse JsonResponse(int status, std::string json, std::string_view tag) {
  HttpResponse response = Response(status, tag);
  response.content_type = "application/json";
  response.body = std::move(json);
  return response;
}

HttpResponse TextResponse(std::string text, std::string_view tag) {
  HttpResponse response = Response(200, tag);
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

HttpResponse NotModified(std::string_view tag) { return Response(304, tag); }

}  // namespace marginalia
