// How events read on a text/event-stream (WHATWG HTML, 9.2). Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_LIVE_EVENT_TEXT_H_
#define MARGINALIA_GATEWAY_LIVE_EVENT_TEXT_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "marginalia/comments/v1/event.pb.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

// A text/event-stream message, shared by all who are sent it.
using EventText = std::shared_ptr<const std::string>;

// How long a browser waits before it connects again.
EventText GreetingText(int retry_ms);

// An event named after its kind: see ToJson. Its id resumes at `point`, which is after it; nothing:
// it has none, and who resumes hears of it again. Empty when the kind is not known here: nobody is
// told.
EventText ThreadEventText(const comments::v1::Event& event, const std::optional<LogPoint>& point);

// The same as one object that says its kind: {kind, …}.
std::string ChangeJson(std::string_view event_text);

// Whose thread it happened in, also of events from before they said so themselves.
const std::string& InvoiceOf(const comments::v1::Event& event);

// An event named "checkpoint" with no data of interest: its id resumes here.
EventText CheckpointText(const LogPoint& point, std::string_view org_id);

// Whether events are known to arrive as they happen: an event named "current" or "stale" with no
// data of interest and no id.
EventText CurrencyText(bool current);

// A comment line that only shows that the stream lives, and an id that resumes here: no event.
EventText HeartbeatText(const LogPoint& point, std::string_view org_id);
EventText HeartbeatText();

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_EVENT_TEXT_H_
