#include "gateway/api/health_api.h"

#include <string>
#include <string_view>
#include <utility>

#include "gateway/api/openapi.h"
#include "gateway/http/content_coding.h"
#include "gateway/http/etag.h"
#include "services/errors/errors.h"
#include "services/rpc/client/service_config.h"
#include "services/rpc/grpc_status.h"
#include "services/text/json_string.h"

namespace marginalia {
namespace {

// {"status": "ok"}, and for people who look into it why not.
HttpResponse StatusResponse(int status, std::string_view word, std::string_view reason,
                            std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.headers = "Cache-Control: no-store\r\n";
  response.body = "{\"status\":";
  AppendJsonString(response.body, word);
  if (!reason.empty()) {
    response.body += ",\"reason\":";
    AppendJsonString(response.body, reason);
    response.body += ",\"detail\":";
    AppendJsonString(response.body, detail);
  }
  response.body += '}';
  return response;
}

// A document that is the same for everyone as long as the process lives, coded once.
class Document {
 public:
  explicit Document(std::string_view text)
      : tag_(WeakTag(text)),
        identity_(text),
        gzip_(InCoding(ContentCoding::kGzip, text)),
        brotli_(InCoding(ContentCoding::kBrotli, text)) {}

  HttpResponse ResponseTo(const HttpRequest& request) const {
    HttpResponse response;
    response.headers =
        "Cache-Control: public, max-age=300\r\n"
        "Vary: Accept-Encoding\r\n";
    response.tag = tag_;
    if (NamesTag(request, tag_)) {
      response.status = 304;
      return response;
    }
    response.content_type = "application/json";
    response.coding = ChooseCoding(request.Header("accept-encoding"));
    response.body = response.coding == ContentCoding::kGzip     ? gzip_
                    : response.coding == ContentCoding::kBrotli ? brotli_
                                                                : identity_;
    return response;
  }

 private:
  const std::string tag_;
  const std::string identity_;
  const std::string gzip_;
  const std::string brotli_;
};

}  // namespace

void HealthApi::Live(ApiCall call) { call.Answer(StatusResponse(200, "ok", "", "")); }

void HealthApi::Ready(ApiCall call) {
  if (draining_) {
    return call.Answer(StatusResponse(503, "unavailable", "DRAINING", "this server is stopping"));
  }
  // Anyone may ask: what is for the log only stays there.
  const absl::Status state = PublicStatus(events_.state());
  if (state.ok()) return call.Answer(StatusResponse(200, "ok", "", ""));
  call.Answer(StatusResponse(503, "unavailable", ReasonOf(state), std::string(state.message())));
}

void HealthApi::Describe(ApiCall call) {
  static const Document document(OpenApiDocument());
  HttpResponse response = document.ResponseTo(call.request());
  call.Answer(std::move(response));
}

void HealthApi::DescribeClients(ApiCall call) {
  static const Document document(ServiceConfigDocument());
  HttpResponse response = document.ResponseTo(call.request());
  call.Answer(std::move(response));
}

}  // namespace marginalia
