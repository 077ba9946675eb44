#include "gateway/api/health_api.h"

#include <string>
#include <string_view>
#include <utility>

#include "gateway/api/openapi.h"
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

HttpResponse DocumentResponse(std::string_view document) {
  HttpResponse response;
  response.content_type = "application/json";
  response.headers = "Cache-Control: public, max-age=300\r\n";
  response.body = document;
  return response;
}

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

void HealthApi::Describe(ApiCall call) { call.Answer(DocumentResponse(OpenApiDocument())); }

void HealthApi::DescribeClients(ApiCall call) {
  call.Answer(DocumentResponse(ServiceConfigDocument()));
}

}  // namespace marginalia
