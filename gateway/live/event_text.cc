#include "gateway/live/event_text.h"

#include <utility>

#include "gateway/upstream/comment_json.h"

namespace marginalia {
namespace {

EventText Text(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::string IdLine(const LogPoint& point, std::string_view org_id) {
  return "id: " + MakeConsistencyToken(point, org_id) + "\n";
}

}  // namespace

EventText GreetingText(int retry_ms) { return Text("retry: " + std::to_string(retry_ms) + "\n\n"); }

EventText ThreadEventText(const comments::v1::Event& event, const std::optional<LogPoint>& point) {
  const std::string_view kind = KindName(event);
  if (kind.empty()) return Text({});
  // JSON escapes line breaks, so the data is one line whatever the comment holds.
  return Text((point ? IdLine(*point, event.org_id()) : "") + "event: " + std::string(kind) +
              "\ndata: " + ToJson(event) + "\n\n");
}

std::string ChangeJson(std::string_view event_text) {
  constexpr std::string_view kKind = "\nevent: ";
  constexpr std::string_view kData = "\ndata: ";
  const std::size_t kind = event_text.find(kKind) + kKind.size();
  const std::size_t kind_end = event_text.find('\n', kind);
  const std::size_t data = event_text.find(kData, kind) + kData.size();
  const std::size_t data_end = event_text.find('\n', data);
  const std::string_view members = event_text.substr(data + 1, data_end - data - 1);
  std::string json = "{\"kind\":\"";
  json += event_text.substr(kind, kind_end - kind);
  json += members == "}" ? "\"" : "\",";
  json += members;
  return json;
}

const std::string& InvoiceOf(const comments::v1::Event& event) {
  const bool is_old = event.invoice_id().empty() && event.has_comment_added();
  return is_old ? event.comment_added().comment().invoice_id() : event.invoice_id();
}

EventText CheckpointText(const LogPoint& point, std::string_view org_id) {
  return Text(IdLine(point, org_id) + "event: checkpoint\ndata: {}\n\n");
}

EventText CurrencyText(bool current) {
  return Text(current ? "event: current\ndata: {}\n\n" : "event: stale\ndata: {}\n\n");
}

EventText HeartbeatText(const LogPoint& point, std::string_view org_id) {
  return Text(": heartbeat\n" + IdLine(point, org_id) + "event: heartbeat\ndata: {}\n\n");
}

EventText HeartbeatText() { return Text(": heartbeat\nevent: heartbeat\ndata: {}\n\n"); }

}  // namespace marginalia
