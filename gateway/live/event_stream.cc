#include "gateway/live/event_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/http/json_response.h"
#include "gateway/upstream/thread_name.h"
#include "services/errors/errors.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

constexpr absl::Duration kTickIntervalMax = absl::Milliseconds(250);
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

absl::Status Draining() {
  return Refusal(absl::StatusCode::kUnavailable, "DRAINING", "this server is stopping; try again",
                 {}, kRetryAfter);
}

template <typename Owned>
std::vector<typename Owned::key_type> KeysOf(const Owned& owned) {
  std::vector<typename Owned::key_type> keys;
  keys.reserve(owned.size());
  for (const auto& [key, value] : owned) keys.push_back(key);
  return keys;
}

// Tells those of `keys` that are still owned when their turn comes: whoever is told may leave, and
// make another leave.
template <typename Owned, typename Tell>
void TellEach(const Owned& owned, const std::vector<typename Owned::key_type>& keys, Tell tell) {
  for (const auto& key : keys) {
    if (owned.contains(key)) tell(*key);
  }
}

template <typename Owned, typename Tell>
void TellAll(const Owned& owned, Tell tell) {
  TellEach(owned, KeysOf(owned), std::move(tell));
}

}  // namespace

EventStream::EventStream(EventStreamOptions options, IoThread& io, Upstream& upstream,
                         ServiceToken& token, ThreadVersions& versions, KnownPages& pages)
    : options_(options),
      heartbeat_(absl::ToChronoNanoseconds(options.heartbeat)),
      io_(io),
      upstream_(upstream),
      versions_(versions),
      pages_(pages),
      recent_(options.recent_events_max, options.recent_bytes_max),
      ticks_(io.Every(std::min(kTickIntervalMax, options.heartbeat / 4), [this] { Tick(); })),
      subscription_(io, upstream, token, *this) {}

EventStream::~EventStream() = default;

void EventStream::Open(ApiCall call, std::unique_ptr<StreamPlace> place,
                       std::optional<LogPoint> point) {
  if (ended_) return call.Fail(Draining());
  auto client =
      std::make_unique<EventClient>(*this, std::move(call), std::move(place), std::move(point));
  EventClient* const started = client.get();
  clients_[started] = std::move(client);
  started->Start();
}

void EventStream::EndSession(const std::string& session) {
  const absl::Status why = Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                                   "this session was signed out of");
  TellAll(clients_, [&](EventClient& client) {
    if (client.session() == session) client.End(why);
  });
}

void EventStream::EndAll() {
  ended_ = true;
  TellAll(clients_, [](EventClient& client) { client.End(Draining()); });
  TellAll(questions_, [](ChangeCatchUp& question) { question.Fail(Draining()); });
}

void EventStream::Close() {
  EndAll();
  subscription_.Stop();
}

void EventStream::StartedFrom(const LogPoint& point) {
  // Whoever was live may have missed something: it comes back and resumes, or is told why it
  // cannot.
  const bool anew = !log_id_.empty();
  log_id_ = point.log_id;
  recent_.StartFrom(point.position);
  versions_.StartFrom(point);
  // A text may have been erased meanwhile.
  pages_.Forget();
  if (!anew) return;
  const absl::Status why = Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
                                   "the event stream began anew; try again", {}, kRetryAfter);
  TellAll(clients_, [&why](EventClient& client) { client.End(why); });
}

void EventStream::Happened(const comments::v1::Event& event) {
  // First, so that whoever hears of the event and asks for the page gets one with it. Whatever
  // changed the thread made its pages old.
  if (event.has_thread()) {
    versions_.Raise(event.org_id(), event.invoice_id(), event.thread().revision(),
                    event.position());
  } else if (event.has_comment_added()) {
    versions_.Raise(event.org_id(), event.comment_added().comment().invoice_id(),
                    event.comment_added().thread_comment_count(), event.position());
  }
  const EventText text = ThreadEventText(event, LogPoint{log_id_, event.position()});
  // A kind that browsers are not told of still takes its place.
  if (text->empty()) return recent_.Add({event.position(), "", text});
  const std::string thread = TenantKey(event.org_id(), InvoiceOf(event));
  if (event.has_comment_erased()) {
    recent_.Forget(thread);
    pages_.Forget();
  }
  recent_.Add({event.position(), thread, text});
  const auto live = live_.find(thread);
  if (live == live_.end()) return;
  TellEach(clients_, {live->second.begin(), live->second.end()},
           [&text](EventClient& client) { client.Send(text); });
}

void EventStream::ListChanges(ApiCall call, LogPoint point) {
  // Whoever may read the thread may read its changes; and what it is really called is needed.
  Errand errand(std::string(call.bearer()), call.request_id(), PartOf(call.trace()));
  const std::string asked_id = call.path_parameter(0);
  FindThreadName(upstream_, std::move(errand), asked_id,
                 [&io = io_, self = std::weak_ptr<EventStream*>(self_),
                  call = std::make_shared<ApiCall>(std::move(call)),
                  point = std::move(point)](absl::StatusOr<std::string> invoice_id) {
                   io.Post([self, call, point, invoice_id = std::move(invoice_id)]() mutable {
                     const auto stream = self.lock();
                     if (stream == nullptr) return call->Fail(Draining());
                     (*stream)->AnswerChanges(std::move(*call), std::move(point),
                                              std::move(invoice_id));
                   });
                 });
}

void EventStream::AnswerChanges(ApiCall call, LogPoint point,
                                absl::StatusOr<std::string> invoice_id) {
  if (!invoice_id.ok()) return call.Fail(invoice_id.status());
  if (ended_ || !current()) {
    return call.Fail(Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
                             "nothing is heard of what happens; try again", {}, kRetryAfter));
  }
  const std::string thread = TenantKey(call.caller().org_id, *invoice_id);
  if (KnowsWhatFollows(point, thread)) {
    ChangeList list(std::move(point));
    AddRecent(list, thread);
    std::string json = std::move(list).Finish(TokenScope(call.caller()));
    return call.Answer(JsonResponse(200, std::move(json), ""));
  }
  if (!TakeCatchUp(call.caller().org_id)) {
    return call.Fail(Refusal(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
                             "too many ask for what happened long ago; try again", {},
                             kRetryAfter));
  }
  auto question = std::make_unique<ChangeCatchUp>(*this, std::move(call), std::move(point),
                                                  *std::move(invoice_id));
  ChangeCatchUp* const started = question.get();
  questions_[started] = std::move(question);
  started->Start();
}

void EventStream::AddRecent(ChangeList& list, const std::string& thread) const {
  LogPoint point = list.point();
  while (Covers(point, thread) && !list.is_full()) {
    const RecentEvent* next = recent_.Next(point.position, thread);
    point.position = next == nullptr ? recent_.head() : next->position;
    if (next != nullptr) list.Add(next->text);
    list.MoveTo(point);
    if (next == nullptr) return;
  }
}

void EventStream::Ended(ChangeCatchUp* question) {
  LeaveCatchUp(question->org_id());
  questions_.erase(question);
}

void EventStream::Tick() {
  heartbeats_.clear();
  TellCurrency();
  const auto now = EventClient::Clock::now();
  TellAll(clients_, [now](EventClient& client) { client.Tick(now); });
  TellAll(questions_, [now](ChangeCatchUp& question) { question.Tick(now); });
}

// A live stream outlasts an outage of comments-service, and loses nothing by it; but whoever looks
// at it must not take silence for news.
void EventStream::TellCurrency() {
  const bool current = subscription_.current();
  if (current == told_current_) return;
  told_current_ = current;
  TellAll(clients_, [current](EventClient& client) { client.TellCurrency(current); });
}

EventText EventStream::HeartbeatOf(const std::string& org_id) {
  EventText& text = heartbeats_[org_id];
  if (text == nullptr) text = HeartbeatText(head(), org_id);
  return text;
}

void EventStream::Joined(EventClient* client) {
  TellCurrency();
  live_[client->thread()].insert(client);
}

void EventStream::Left(EventClient* client) {
  if (const auto live = live_.find(client->thread()); live != live_.end()) {
    live->second.erase(client);
    if (live->second.empty()) live_.erase(live);
  }
  clients_.erase(client);
}

bool EventStream::TakeCatchUp(const std::string& org_id) {
  if (catch_ups_ >= options_.catch_ups_max) return false;
  std::size_t& of_tenant = catch_ups_by_tenant_[org_id];
  if (of_tenant >= options_.tenant_catch_ups_max) return false;
  ++of_tenant;
  ++catch_ups_;
  return true;
}

void EventStream::LeaveCatchUp(const std::string& org_id) {
  --catch_ups_;
  const auto of_tenant = catch_ups_by_tenant_.find(org_id);
  if (--of_tenant->second == 0) catch_ups_by_tenant_.erase(of_tenant);
}

}  // namespace marginalia
