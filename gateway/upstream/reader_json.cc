#include "gateway/upstream/reader_json.h"

#include "gateway/upstream/json_writer.h"

namespace marginalia {

std::string ToJson(const comments::v1::ReadState& state) {
  std::string json;
  AppendReadState(json, state);
  return json;
}

std::string ToJson(const comments::v1::MarkThreadReadResponse& marked) {
  return "{\"readState\":" + ToJson(marked.read_state()) + "}";
}

std::string ToJson(const comments::v1::SearchAuthorsResponse& found) {
  std::string json = "{\"people\":[";
  for (const comments::v1::Author& author : found.authors()) {
    if (json.back() != '[') json += ',';
    json += '{';
    AppendText(json, "userId", author.user_id());
    AppendText(json, "displayName", author.display_name());
    json += '}';
  }
  json += "]}";
  return json;
}

void AppendReadState(std::string& json, const comments::v1::ReadState& state) {
  json += '{';
  AppendText(json, "invoiceId", state.invoice_id());
  AppendInteger(json, "readSequence", state.read_sequence());
  AppendInteger(json, "newestSequence", state.newest_sequence());
  AppendUnread(json, state);
  json += '}';
}

void AppendUnread(std::string& json, const comments::v1::ReadState& state) {
  AppendInteger(json, "unreadCount", state.unread_count());
  AppendName(json, "mentioned");
  json += state.mentioned() ? "true" : "false";
}

}  // namespace marginalia
