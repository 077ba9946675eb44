#include "tests/projector/scripted_comments.h"

#include <google/protobuf/util/time_util.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "absl/time/clock.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"

namespace marginalia {
namespace {

namespace pb = comments::v1;
using google::protobuf::util::TimeUtil;

constexpr std::chrono::milliseconds kCheckpointInterval(100);
constexpr char kSeparator = '\n';

}  // namespace

ScriptedComments::ScriptedComments() { Start(); }

ScriptedComments::~ScriptedComments() { Stop(); }

void ScriptedComments::Start() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
  }
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  auto server = builder.BuildAndStart();
  const std::lock_guard lock(mutex_);
  address_ = "127.0.0.1:" + std::to_string(port);
  server_ = std::move(server);
}

void ScriptedComments::Stop() {
  std::unique_ptr<grpc::Server> server;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    server = std::move(server_);
    changed_.notify_all();
  }
  if (server != nullptr) server->Shutdown(std::chrono::system_clock::now());
}

std::string ScriptedComments::address() const {
  const std::lock_guard lock(mutex_);
  return address_;
}

namespace {

pb::Thread ThreadOf(const pb::ThreadCount& count) {
  pb::Thread thread;
  thread.set_invoice_id(count.invoice_id());
  thread.set_comment_count(count.comment_count());
  thread.set_revision(count.revision());
  thread.set_state(count.state() == pb::THREAD_STATE_UNSPECIFIED ? pb::THREAD_STATE_OPEN
                                                                 : count.state());
  if (count.has_state_time()) *thread.mutable_state_time() = count.state_time();
  if (count.has_last_comment_time()) {
    *thread.mutable_last_comment_time() = count.last_comment_time();
  }
  thread.set_last_author_name(count.last_author_name());
  return thread;
}

}  // namespace

std::int64_t ScriptedComments::Comment(const std::string& org_id, const std::string& invoice_id,
                                       const std::string& author) {
  const std::lock_guard lock(mutex_);
  const std::int64_t micros = absl::ToUnixMicros(absl::Now());
  pb::Event event;
  event.set_position(static_cast<std::int64_t>(events_.size()) + 1);
  event.set_org_id(org_id);
  *event.mutable_event_time() = TimeUtil::MicrosecondsToTimestamp(micros);
  pb::Comment* comment = event.mutable_comment_added()->mutable_comment();
  comment->set_invoice_id(invoice_id);
  comment->mutable_author()->set_display_name(author);
  *comment->mutable_create_time() = TimeUtil::MicrosecondsToTimestamp(micros);
  const auto counted = counts_.find({org_id, invoice_id});
  event.mutable_comment_added()->set_thread_comment_count(
      counted == counts_.end() ? 1 : counted->second.comment_count() + 1);
  // As a version wrote it that knew of comments alone, until something else happens to the thread.
  if (counted != counts_.end() && counted->second.revision() > counted->second.comment_count()) {
    event.set_invoice_id(invoice_id);
    pb::Thread& thread = *event.mutable_thread();
    thread = ThreadOf(counted->second);
    thread.set_comment_count(thread.comment_count() + 1);
    thread.set_revision(thread.revision() + 1);
    *thread.mutable_last_comment_time() = comment->create_time();
    thread.set_last_author_name(author);
  }
  events_.push_back(event);
  CountAnew();
  changed_.notify_all();
  return event.position();
}

std::int64_t ScriptedComments::Change(const std::string& org_id, const std::string& invoice_id,
                                      const std::function<void(pb::Event&)>& change) {
  const std::lock_guard lock(mutex_);
  pb::Event event;
  event.set_position(static_cast<std::int64_t>(events_.size()) + 1);
  event.set_org_id(org_id);
  event.set_invoice_id(invoice_id);
  *event.mutable_event_time() = TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(absl::Now()));
  *event.mutable_thread() = ThreadOf(counts_[{org_id, invoice_id}]);
  event.mutable_thread()->set_revision(event.thread().revision() + 1);
  change(event);
  events_.push_back(event);
  CountAnew();
  changed_.notify_all();
  return event.position();
}

std::int64_t ScriptedComments::Edit(const std::string& org_id, const std::string& invoice_id) {
  return Change(org_id, invoice_id, [](pb::Event& event) { event.mutable_comment_edited(); });
}

std::int64_t ScriptedComments::Remove(const std::string& org_id, const std::string& invoice_id) {
  return Change(org_id, invoice_id, [](pb::Event& event) {
    event.mutable_comment_removed();
    event.mutable_thread()->set_comment_count(event.thread().comment_count() - 1);
  });
}

std::int64_t ScriptedComments::Settle(const std::string& org_id, const std::string& invoice_id,
                                      bool resolved) {
  return Change(org_id, invoice_id, [resolved](pb::Event& event) {
    if (resolved) {
      event.mutable_thread_resolved();
    } else {
      event.mutable_thread_reopened();
    }
    event.mutable_thread()->set_state(resolved ? pb::THREAD_STATE_RESOLVED : pb::THREAD_STATE_OPEN);
    *event.mutable_thread()->mutable_state_time() = event.event_time();
  });
}

LogPoint ScriptedComments::head() const {
  const std::lock_guard lock(mutex_);
  return {log_id_, static_cast<std::int64_t>(events_.size())};
}

std::int64_t ScriptedComments::CountOf(const std::string& org_id,
                                       const std::string& invoice_id) const {
  const std::lock_guard lock(mutex_);
  const auto counted = counts_.find({org_id, invoice_id});
  return counted == counts_.end() ? 0 : counted->second.comment_count();
}

void ScriptedComments::RestoreAt(std::int64_t position, const std::string& log_id) {
  const std::lock_guard lock(mutex_);
  events_.resize(position);
  counts_.clear();
  const std::vector<pb::Event> events = std::move(events_);
  events_.clear();
  for (const pb::Event& event : events) {
    events_.push_back(event);
    CountAnew();
  }
  log_id_ = log_id;
}

void ScriptedComments::CompactBefore(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  oldest_ = position;
}

void ScriptedComments::Lose(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  lost_ = position;
}

void ScriptedComments::LeaveOutOnce(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  leave_out_ = position;
}

void ScriptedComments::RepeatOnce(std::int64_t events) {
  const std::lock_guard lock(mutex_);
  repeat_ = events;
}

void ScriptedComments::FallSilent(bool silent) {
  const std::lock_guard lock(mutex_);
  silent_ = silent;
  changed_.notify_all();
}

void ScriptedComments::Refuse(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  refusal_ = status;
}

void ScriptedComments::OnSnapshotPage(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  on_snapshot_page_ = std::move(hook);
}

void ScriptedComments::SetSnapshotRowsMax(int rows_max) {
  const std::lock_guard lock(mutex_);
  rows_max_ = rows_max;
}

void ScriptedComments::SetBatchEventsMax(int events_max) {
  const std::lock_guard lock(mutex_);
  batch_events_max_ = events_max;
}

int ScriptedComments::streams_opened() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(resumed_after_.size());
}

int ScriptedComments::snapshots_begun() const {
  const std::lock_guard lock(mutex_);
  return snapshots_begun_;
}

std::vector<std::int64_t> ScriptedComments::resumed_after() const {
  const std::lock_guard lock(mutex_);
  return resumed_after_;
}

// Counts the newest event.
void ScriptedComments::CountAnew() {
  const pb::Event& event = events_.back();
  if (event.has_thread()) {
    pb::ThreadCount& count = counts_[{event.org_id(), event.invoice_id()}];
    const pb::Thread& thread = event.thread();
    count.set_org_id(event.org_id());
    count.set_invoice_id(event.invoice_id());
    count.set_comment_count(thread.comment_count());
    if (thread.has_last_comment_time()) {
      *count.mutable_last_comment_time() = thread.last_comment_time();
    }
    count.set_last_author_name(thread.last_author_name());
    count.set_state(thread.state());
    if (thread.has_state_time()) *count.mutable_state_time() = thread.state_time();
    count.set_revision(thread.revision());
    return;
  }
  const pb::CommentAdded& added = event.comment_added();
  pb::ThreadCount& count = counts_[{event.org_id(), added.comment().invoice_id()}];
  count.set_org_id(event.org_id());
  count.set_invoice_id(added.comment().invoice_id());
  count.set_comment_count(added.thread_comment_count());
  *count.mutable_last_comment_time() = added.comment().create_time();
  count.set_last_author_name(added.comment().author().display_name());
  count.set_revision(added.thread_comment_count());
}

grpc::Status ScriptedComments::Resume(const std::string& token, std::int64_t& position) {
  const auto point = ParseConsistencyToken(token, "", "after_token", "RESUME_TOKEN_INVALID");
  if (!point.ok()) return ToGrpc(point.status());
  if (point->log_id != log_id_ || point->position > static_cast<std::int64_t>(events_.size())) {
    return ToGrpc(InvalidField("after_token", "must be of this log", "RESUME_TOKEN_INVALID"));
  }
  if (point->position + 1 < oldest_) {
    return ToGrpc(Refusal(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED", "No longer retained.",
                          {{"oldest_position", std::to_string(oldest_)}}));
  }
  position = std::max<std::int64_t>(point->position - std::exchange(repeat_, 0), 0);
  resumed_after_.push_back(point->position);
  return grpc::Status::OK;
}

pb::WatchEventsResponse ScriptedComments::NextBatch(std::int64_t& position) {
  pb::WatchEventsResponse response;
  const auto head = static_cast<std::int64_t>(events_.size());
  while (position < head && position + 1 != lost_ && response.events_size() < batch_events_max_) {
    if (++position == leave_out_) {
      leave_out_ = 0;
      continue;
    }
    *response.add_events() = events_[position - 1];
  }
  response.set_checkpoint_token(MakeConsistencyToken({log_id_, position}, ""));
  return response;
}

grpc::Status ScriptedComments::WatchEvents(grpc::ServerContext* context,
                                           const pb::WatchEventsRequest* request,
                                           grpc::ServerWriter<pb::WatchEventsResponse>* writer) {
  std::unique_lock lock(mutex_);
  if (!refusal_.ok()) return refusal_;
  std::int64_t position = 0;
  if (grpc::Status resumed = Resume(request->after_token(), position); !resumed.ok()) {
    return resumed;
  }
  while (!stopping_ && !context->IsCancelled()) {
    if (!silent_) {
      if (position + 1 == lost_) {
        return ToGrpc(Refusal(absl::StatusCode::kDataLoss, "EVENTS_MISSING", "Lost."));
      }
      const pb::WatchEventsResponse response = NextBatch(position);
      lock.unlock();
      if (!writer->Write(response)) return grpc::Status::CANCELLED;
      lock.lock();
    }
    changed_.wait_for(lock, kCheckpointInterval, [&] {
      return stopping_ || (!silent_ && position < static_cast<std::int64_t>(events_.size()));
    });
  }
  return ToGrpc(Refusal(absl::StatusCode::kUnavailable, "DRAINING", "Going down."));
}

grpc::Status ScriptedComments::ListThreadCounts(grpc::ServerContext* context,
                                                const pb::ListThreadCountsRequest* request,
                                                pb::ListThreadCountsResponse* response) {
  std::unique_lock lock(mutex_);
  if (!refusal_.ok()) return refusal_;
  // The page token: the as-of token, the tenant and the invoice of the last row.
  std::optional<Thread> last;
  std::string as_of =
      MakeConsistencyToken({log_id_, static_cast<std::int64_t>(events_.size())}, "");
  if (const std::string& token = request->page_token(); !token.empty()) {
    const std::size_t first = token.find(kSeparator);
    const std::size_t second = token.find(kSeparator, first + 1);
    as_of = token.substr(0, first);
    last = {token.substr(first + 1, second - first - 1), token.substr(second + 1)};
  } else if (request->page_size() > 1) {
    ++snapshots_begun_;
  }
  response->set_as_of_token(as_of);
  const int limit = std::min(request->page_size(), rows_max_);
  auto row = last.has_value() ? counts_.upper_bound(*last) : counts_.begin();
  for (; row != counts_.end() && response->counts_size() < limit; ++row) {
    *response->add_counts() = row->second;
    last = row->first;
  }
  if (row != counts_.end()) {
    response->set_next_page_token(as_of + kSeparator + last->first + kSeparator + last->second);
  }
  const std::function<void()> hook = request->page_size() > 1 ? on_snapshot_page_ : nullptr;
  lock.unlock();
  if (hook != nullptr) hook();
  return grpc::Status::OK;
}

}  // namespace marginalia
