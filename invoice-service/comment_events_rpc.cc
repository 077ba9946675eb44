#include "invoice-service/comment_events_rpc.h"

#include <grpcpp/support/client_callback.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "invoice-service/comment_counts.h"
#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/grpc_status.h"
#include "services/rpc/rpc_span.h"
#include "services/rpc/trace_metadata.h"
#include "services/text/timestamp.h"

namespace marginalia {
namespace {

namespace pb = comments::v1;

// A machine's tokens are bound to no tenant.
constexpr std::string_view kScope;

constexpr std::string_view kWatchEvents = "marginalia.comments.v1.CommentsService/WatchEvents";
constexpr std::string_view kListThreadCounts =
    "marginalia.comments.v1.CommentsService/ListThreadCounts";

absl::StatusOr<LogPoint> PointOf(std::string_view token) {
  absl::StatusOr<LogPoint> point =
      ParseConsistencyToken(token, kScope, "token", "RESUME_TOKEN_INVALID");
  if (point.ok()) return point;
  return absl::InternalError(
      "the comments service sent a token that is none: check that "
      "--service_token_path holds a token of role service without a claim org");
}

absl::Status Unavailable(absl::string_view why) {
  return Refusal(absl::StatusCode::kUnavailable, "COMMENTS_SERVICE_UNAVAILABLE", std::string(why),
                 {}, absl::Seconds(1));
}

// The comments service's absence to whoever waits for it here.
absl::Status AbsenceOf(const grpc::Status& ended) {
  return Unavailable(absl::StrCat("The comments service does not answer (",
                                  absl::StatusCodeToString(FromGrpc(ended).code()), ")."));
}

// To the projector: what it acts upon stays as it is, and its log says whose token was refused.
absl::Status FromCommentsService(const grpc::Status& ended) {
  const absl::Status status = FromGrpc(ended);
  if (absl::IsOutOfRange(status) || absl::IsInvalidArgument(status) || absl::IsDataLoss(status)) {
    return status;
  }
  if (!absl::IsUnauthenticated(status) && !absl::IsPermissionDenied(status)) {
    return AbsenceOf(ended);
  }
  return Unavailable(
      absl::StrCat("The comments service refuses this process's own token (",
                   absl::StatusCodeToString(status.code()), ": ", status.message(),
                   "): check that --service_token_path holds a token of role service without a "
                   "claim org."));
}

struct Subject {
  std::string_view org_id;
  std::string_view invoice_id;
  friend bool operator==(const Subject&, const Subject&) = default;
};

struct SubjectHash {
  std::size_t operator()(const Subject& subject) const {
    const std::hash<std::string_view> hash;
    return hash(subject.org_id) * 31 + hash(subject.invoice_id);
  }
};

// Of any kind, also of one that came with a newer version: what it says of the thread is enough.
bool TellsOfThread(const pb::Event& event) {
  return event.has_thread() || event.has_comment_added();
}

// A comments service that knows no states has open threads alone.
ThreadState StateOf(pb::ThreadState state) {
  return state == pb::THREAD_STATE_RESOLVED ? ThreadState::kResolved : ThreadState::kOpen;
}

const std::string& InvoiceOf(const pb::Event& event) {
  return event.has_thread() ? event.invoice_id() : event.comment_added().comment().invoice_id();
}

CountedThread CountOf(const pb::Event& event) {
  if (event.has_thread()) {
    const pb::Thread& thread = event.thread();
    return {event.org_id(),
            event.invoice_id(),
            thread.comment_count(),
            TimeOf(thread.last_comment_time()),
            thread.last_author_name(),
            event.position(),
            StateOf(thread.state()),
            TimeOf(thread.state_time()),
            thread.revision()};
  }
  const pb::CommentAdded& added = event.comment_added();
  return {event.org_id(), added.comment().invoice_id(), added.thread_comment_count(),
          TimeOf(added.comment().create_time()), added.comment().author().display_name(),
          event.position(), ThreadState::kOpen, absl::UnixEpoch(),
          // Nothing but comments changed a thread then.
          added.thread_comment_count()};
}

// Of several events of a thread the last one says it all.
std::unique_ptr<ThreadCounts> Collapse(const pb::WatchEventsResponse& message) {
  std::unordered_map<Subject, const pb::Event*, SubjectHash> last;
  last.reserve(message.events_size());
  for (const pb::Event& event : message.events()) {
    // Of one that does not, the position counts as seen, and no more.
    if (!TellsOfThread(event)) continue;
    last[{event.org_id(), InvoiceOf(event)}] = &event;
  }
  auto counts = std::make_unique<ThreadCounts>();
  counts->threads.reserve(last.size());
  for (const auto& [subject, event] : last) counts->threads.push_back(CountOf(*event));
  // Replicas write the same rows at the same time: in one order, so that none waits for another
  // that waits for it.
  std::sort(counts->threads.begin(), counts->threads.end(),
            [](const CountedThread& one, const CountedThread& other) {
              return std::tie(one.org_id, one.invoice_id) <
                     std::tie(other.org_id, other.invoice_id);
            });
  return counts;
}

// Reads by callbacks: a thread that waited within gRPC would take part in polling the connections
// of every call of this process. A hold keeps the call from being done while nothing is being read,
// until it is let go of.
class Stream final : public SourceStream, private grpc::ClientReadReactor<pb::WatchEventsResponse> {
 public:
  Stream(pb::CommentsService::Stub& stub, const std::string& bearer, const LogPoint& after,
         Tracer* tracer)
      : stub_(stub), trace_(BeginTrace(tracer)) {
    PrepareCall(context_, bearer, "", SteadyTime::Never());
    PassOnTrace(context_, trace_);
    request_.set_after_token(MakeConsistencyToken(after, kScope));
  }

  ~Stream() override {
    if (!started_) return;
    context_.TryCancel();
    LetGo();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_.has_value(); });
  }

  absl::StatusOr<EventBatch> Read() override {
    StartNextRead();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return read_.has_value(); });
      if (*std::exchange(read_, std::nullopt)) return BatchOf(message_);
    }
    LetGo();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_.has_value(); });
    if (ended_->ok()) return absl::UnavailableError("the comments service ended the event stream");
    return FromCommentsService(*ended_);
  }

  void Cancel() override { context_.TryCancel(); }

 private:
  // The message is used again and again: its 512 events are thousands of small objects.
  void StartNextRead() {
    if (std::exchange(started_, true)) return StartRead(&message_);
    stub_.async()->WatchEvents(&context_, &request_, this);
    AddHold();
    StartRead(&message_);
    StartCall();
  }

  void LetGo() {
    if (!std::exchange(let_go_, true)) RemoveHold();
  }

  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    read_ = ok;
    changed_.notify_one();
  }

  void OnDone(const grpc::Status& status) override {
    RecordRpcSpan(trace_, SpanKind::kClient, kWatchEvents, "", watch_.elapsed(),
                  static_cast<absl::StatusCode>(status.error_code()));
    const std::lock_guard lock(mutex_);
    ended_ = status;
    changed_.notify_one();
  }

  absl::StatusOr<EventBatch> BatchOf(const pb::WatchEventsResponse& message) {
    absl::StatusOr<LogPoint> checkpoint = PointOf(message.checkpoint_token());
    if (!checkpoint.ok()) return checkpoint.status();
    EventBatch batch;
    batch.checkpoint = *std::move(checkpoint);
    // The first message may come before the service has looked for events; a later one without any
    // says that there were none.
    if (!std::exchange(first_, false)) batch.complete_until = absl::Now();
    if (message.events().empty()) return batch;
    batch.first_position = message.events(0).position();
    std::int64_t expected = batch.first_position;
    for (const pb::Event& event : message.events()) {
      if (event.position() != expected++) {
        return absl::DataLossError(
            absl::StrCat("the event stream is without position ", expected - 1));
      }
    }
    batch.last_position = expected - 1;
    batch.complete_until = TimeOf(message.events().rbegin()->event_time());
    batch.update = Collapse(message);
    return batch;
  }

  pb::CommentsService::Stub& stub_;
  // The projector asks for itself, so each of its streams is a trace of its own.
  const Trace trace_;
  const Stopwatch watch_;
  grpc::ClientContext context_;
  pb::WatchEventsRequest request_;
  pb::WatchEventsResponse message_;
  bool started_ = false;
  bool let_go_ = false;
  bool first_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  // How the read under way went, until somebody has heard of it.
  std::optional<bool> read_;           // guarded by mutex_
  std::optional<grpc::Status> ended_;  // guarded by mutex_
};

}  // namespace

CommentEvents::CommentEvents(std::shared_ptr<grpc::Channel> channel, ServiceToken& token,
                             Tracer* tracer)
    : token_(token), tracer_(tracer), stub_(pb::CommentsService::NewStub(std::move(channel))) {}

std::unique_ptr<SourceStream> CommentEvents::Open(const LogPoint& after) {
  return std::make_unique<Stream>(*stub_, token_.Current(), after, tracer_);
}

absl::StatusOr<SnapshotPage> CommentEvents::ReadSnapshot(const std::string& page_token) {
  absl::StatusOr<Counts> response = ListThreadCounts(page_token, kSnapshotRowsMax);
  if (!response.ok()) return response.status();
  absl::StatusOr<LogPoint> as_of = PointOf(response->as_of_token());
  if (!as_of.ok()) return as_of.status();
  auto counts = std::make_unique<ThreadCounts>();
  counts->threads.reserve(response->counts_size());
  for (const pb::ThreadCount& count : response->counts()) {
    counts->threads.push_back({count.org_id(), count.invoice_id(), count.comment_count(),
                               TimeOf(count.last_comment_time()), count.last_author_name(), 0,
                               StateOf(count.state()), TimeOf(count.state_time()),
                               count.revision() > 0 ? count.revision() : count.comment_count()});
  }
  return SnapshotPage{std::move(counts), response->counts_size(), response->next_page_token(),
                      *std::move(as_of)};
}

absl::StatusOr<LogPoint> CommentEvents::Head() {
  const absl::StatusOr<Counts> response = ListThreadCounts("", 1);
  if (!response.ok()) return response.status();
  return PointOf(response->as_of_token());
}

void CommentEvents::Cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (under_way_ != nullptr) under_way_->TryCancel();
}

void CommentEvents::AskHead(const Trace& trace, SteadyTime deadline,
                            absl::AnyInvocable<void(absl::StatusOr<LogPoint>)> done) {
  struct Question {
    grpc::ClientContext context;
    pb::ListThreadCountsRequest request;
    Counts response;
    absl::AnyInvocable<void(absl::StatusOr<LogPoint>)> done;
    Trace trace;
    Stopwatch watch;
  };
  auto question = std::make_shared<Question>();
  PrepareCall(question->context, token_.Current(), "", deadline);
  question->request.set_page_size(1);
  question->done = std::move(done);
  question->trace = PartOf(trace);
  PassOnTrace(question->context, question->trace);
  stub_->async()->ListThreadCounts(&question->context, &question->request, &question->response,
                                   [question](const grpc::Status& status) {
                                     RecordRpcSpan(
                                         question->trace, SpanKind::kClient, kListThreadCounts, "",
                                         question->watch.elapsed(),
                                         static_cast<absl::StatusCode>(status.error_code()));
                                     if (!status.ok()) return question->done(AbsenceOf(status));
                                     question->done(PointOf(question->response.as_of_token()));
                                   });
}

absl::StatusOr<CommentEvents::Counts> CommentEvents::ListThreadCounts(const std::string& page_token,
                                                                      int page_size) {
  grpc::ClientContext context;
  PrepareCall(context, token_.Current(), "", SteadyTime::Now() + kSnapshotPageWaitMax);
  pb::ListThreadCountsRequest request;
  request.set_page_size(page_size);
  request.set_page_token(page_token);
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_) return absl::CancelledError("the process is ending");
    under_way_ = &context;
  }
  Counts response;
  const grpc::Status status = stub_->ListThreadCounts(&context, request, &response);
  {
    const std::lock_guard lock(mutex_);
    under_way_ = nullptr;
  }
  if (!status.ok()) return FromCommentsService(status);
  return response;
}

}  // namespace marginalia
