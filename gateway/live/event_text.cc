#include "gateway/live/event_text.h"

#include <utility>

#include "gateway/upstream/transcode.h"

namespace marginalia {
namespace {

EventText Text(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::string IdLine(const LogPoint& point, std::string_view org_id) {
  return "id: " + MakeConsistencyToken(point, org_id) + "\n";
}

}  // namespace

EventText GreetingText(int retry_ms) { return Text("retry: " + std::to_string(retry_ms) + "\n\n"); }

EventText CommentText(const comments::v1::Event& event, std::string_view log_id) {
  // JSON escapes line breaks, so the data is one line whatever the comment holds.
  return Text(IdLine({std::string(log_id), event.position()}, event.org_id()) +
              "event: comment\ndata: " + ToJson(event.comment_added()) + "\n\n");
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
