#include "gateway/live/change_catch_up.h"

#include <utility>

#include "gateway/http/json_response.h"
#include "gateway/live/event_stream.h"
#include "services/errors/errors.h"
#include "services/text/tenant_key.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {
namespace {

constexpr absl::Duration kRetryAfter = absl::Seconds(1);

// A stream names a token so that a browser resumes with.
std::string_view NameOfToken(std::string_view field) {
  return field == "Last-Event-ID" ? "after" : field;
}

}  // namespace

ChangeCatchUp::ChangeCatchUp(EventStream& stream, ApiCall call, LogPoint point,
                             std::string invoice_id)
    : stream_(stream),
      call_(std::move(call)),
      org_id_(call_.caller().org_id),
      invoice_id_(std::move(invoice_id)),
      thread_(TenantKey(org_id_, invoice_id_)),
      until_(Clock::now() + absl::ToChronoNanoseconds(kChangesWithin)),
      list_(std::move(point)),
      began_at_(list_.point().position) {}

void ChangeCatchUp::Start() {
  comments::v1::WatchEventsRequest request;
  request.set_after_token(MakeConsistencyToken(list_.point(), TokenScope(call_.caller())));
  request.set_invoice_id(invoice_id_);
  watch_ = std::make_unique<WatchCall>(
      stream_.io(), stream_.upstream(), request, call_.bearer(), call_.request_id(),
      PartOf(call_.trace()),
      WatchCall::Events{
          [this](const comments::v1::WatchEventsResponse& message) { Received(message); },
          [this](const absl::Status& why) { Fail(why); }});
}

void ChangeCatchUp::Received(const comments::v1::WatchEventsResponse& message) {
  auto end = ParseConsistencyToken(message.checkpoint_token(), TokenScope(call_.caller()),
                                   "checkpoint_token", "RESUME_TOKEN_INVALID");
  if (!end.ok()) return Fail(absl::InternalError("a watch sent an unreadable checkpoint"));
  for (const comments::v1::Event& event : message.events()) {
    // A machine's watch also tells of other tenants.
    const bool ours = event.org_id() == org_id_ && InvoiceOf(event) == invoice_id_;
    if (ours) list_.Add(ThreadEventText(event, *end));
  }
  list_.MoveTo(*std::move(end));
  if (list_.is_full()) return Answer();
  if (!stream_.KnowsWhatFollows(list_.point(), thread_)) return watch_->Next();
  stream_.AddRecent(list_, thread_);
  Answer();
}

void ChangeCatchUp::Tick(Clock::time_point now) {
  if (now < until_) return;
  // Whoever asks again goes on from there.
  if (list_.point().position > began_at_) return Answer();
  Fail(Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
               "what has happened could not be read in time; try again", {}, kRetryAfter));
}

void ChangeCatchUp::Answer() {
  watch_.reset();
  std::string json = std::move(list_).Finish(TokenScope(call_.caller()));
  call_.Answer(JsonResponse(200, std::move(json), ""));
  stream_.Ended(this);
}

void ChangeCatchUp::Fail(const absl::Status& why) {
  watch_.reset();
  call_.Fail(WithFieldNames(why, NameOfToken));
  stream_.Ended(this);
}

}  // namespace marginalia
