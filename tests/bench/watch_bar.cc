#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "tests/bench/bars.h"
#include "tests/bench/clock.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/etcd.grpc.pb.h"
#include "tests/bench/etcd_server.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

constexpr std::int64_t kPerSecond = 2000;
constexpr int kConnections = 4;
constexpr int kInvoices = 1000;
constexpr absl::Duration kArrivalMax = absl::Seconds(10);

std::int64_t CallsOf(absl::Duration duration) {
  return absl::ToInt64Milliseconds(duration) * kPerSecond / 1000;
}

// When each call was due, answered, and seen by the watcher; 0: not yet. Written by several
// threads, each value by one.
class Arrivals {
 public:
  explicit Arrivals(std::int64_t calls) : due_(calls), answered_(calls), seen_(calls) {}

  std::int64_t calls() const { return static_cast<std::int64_t>(due_.size()); }
  void Due(std::int64_t call, std::int64_t nanos) { due_[call] = nanos; }
  void Answered(std::int64_t call, const grpc::Status& status) {
    if (!status.ok()) failed_ = true;
    answered_[call] = NowNanos();
    ++answers_;
  }
  // `text` begins with the call's number, as BodyOf writes it.
  void Seen(const std::string& text, std::int64_t nanos) {
    const std::int64_t call = std::atoll(text.c_str());
    if (call < 0 || call >= calls() || seen_[call].exchange(nanos) != 0) failed_ = true;
    ++arrivals_;
  }

  void WaitForAll() const {
    const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(kArrivalMax);
    while (answers_ < calls() || arrivals_ < calls()) {
      Need(CheckInterrupt());
      if (failed_) throw BarFailed("a write failed, or an event was wrong or came twice");
      if (NowNanos() > until) throw BarFailed("an event did not reach the watcher");
      Pause(absl::Milliseconds(10));
    }
  }

  // From the answer, or from when the write was due, to the event, of all calls from `first` on.
  LoadResult Latency(bool from_answer, std::int64_t first) const {
    LoadResult result;
    result.calls = calls() - first;
    result.seconds = static_cast<double>(result.calls) / kPerSecond;
    for (std::int64_t call = first; call < calls(); ++call) {
      result.latency.Record(seen_[call] - (from_answer ? answered_[call] : due_[call]));
    }
    return result;
  }

 private:
  std::vector<std::atomic<std::int64_t>> due_;
  std::vector<std::atomic<std::int64_t>> answered_;
  std::vector<std::atomic<std::int64_t>> seen_;
  std::atomic<std::int64_t> answers_ = 0;
  std::atomic<std::int64_t> arrivals_ = 0;
  std::atomic<bool> failed_ = false;
};

// Watches in a thread of its own until it goes.
class Watcher {
 public:
  // `read` calls `ready` once it watches, and returns when the stream has ended.
  using Read = std::function<void(grpc::ClientContext& context, std::atomic<bool>& ready)>;
  explicit Watcher(const Read& read) : thread_([this, read] { read(context_, ready_); }) {
    const std::int64_t until = NowNanos() + absl::ToInt64Nanoseconds(kArrivalMax);
    while (!ready_ && NowNanos() < until) Pause(absl::Milliseconds(1));
  }
  ~Watcher() {
    context_.TryCancel();
    thread_.join();
  }
  bool ready() const { return ready_; }

 private:
  grpc::ClientContext context_;
  std::atomic<bool> ready_ = false;
  std::thread thread_;
};

Watcher::Read ReadComments(const std::string& address, const std::string& bearer,
                           Arrivals& arrivals) {
  return [=, &arrivals](grpc::ClientContext& context, std::atomic<bool>& ready) {
    const auto stub = comments::v1::CommentsService::NewStub(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    context.AddMetadata("authorization", "Bearer " + bearer);
    const auto stream = stub->WatchEvents(&context, comments::v1::WatchEventsRequest());
    comments::v1::WatchEventsResponse step;
    while (stream->Read(&step)) {
      const std::int64_t now = NowNanos();
      // The first step says from where the stream goes on.
      ready = true;
      for (const auto& event : step.events()) {
        arrivals.Seen(event.comment_added().comment().body(), now);
      }
    }
    stream->Finish();
  };
}

Watcher::Read ReadKeys(const std::string& address, Arrivals& arrivals) {
  return [=, &arrivals](grpc::ClientContext& context, std::atomic<bool>& ready) {
    const auto stub = etcdserverpb::Watch::NewStub(
        grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    const auto stream = stub->Watch(&context);
    etcdserverpb::WatchRequest request;
    request.mutable_create_request()->set_key(std::string(1, '\0'));
    request.mutable_create_request()->set_range_end(std::string(1, '\0'));
    stream->Write(request);
    etcdserverpb::WatchResponse step;
    while (stream->Read(&step)) {
      const std::int64_t now = NowNanos();
      if (step.created()) ready = true;
      for (const auto& event : step.events()) arrivals.Seen(event.kv().value(), now);
    }
    stream->Finish();
  };
}

// Writes at the pace while a watcher watches.
void WriteAndWatch(RpcClient& writer, const std::string& method,
                   const std::function<grpc::ByteBuffer(std::int64_t)>& request,
                   const Watcher::Read& read, Arrivals& arrivals) {
  const Watcher watcher(read);
  if (!watcher.ready()) throw BarFailed("the watch did not begin");
  Need(RunPaced(kPerSecond, arrivals.calls(), [&](std::int64_t call, std::int64_t due) {
    arrivals.Due(call, due);
    writer.Call(call, method, request(call),
                [&arrivals, call](const grpc::Status& status, const grpc::ByteBuffer&) {
                  arrivals.Answered(call, status);
                });
  }));
  arrivals.WaitForAll();
}

grpc::ByteBuffer PutRequest(std::int64_t call) {
  etcdserverpb::PutRequest request;
  request.set_key(absl::StrCat(InvoiceId(call % kInvoices), "/", RandomUuid()));
  request.set_value(BodyOf(call));
  return BytesOf(request);
}

}  // namespace

void WatchBar(Bench& bench, Report& report) {
  const Service comments = StartCommentsService(bench, bench.NewFolder("watch"));
  const auto etcd = Need(EtcdServer::Start(bench.NewFolder("etcd")));
  const std::string bearer = bench.MemberToken();
  const auto writer = Client(comments.address, bearer, kConnections);
  const auto putter = Client(etcd->address(), "", kConnections);
  const std::int64_t warm_up = CallsOf(bench.options().window.warm_up);
  const std::int64_t calls = warm_up + CallsOf(bench.options().window.measured);
  Side subject{"comment to watcher", {}};
  Side limit{"etcd put to watcher", {}};
  Side subject_whole{"comment, sent to seen", {}};
  Side limit_whole{"etcd put, sent to seen", {}};
  const auto measured = [warm_up](const Arrivals& arrivals, Side& whole) {
    whole.results.push_back(arrivals.Latency(false, warm_up));
    return arrivals.Latency(true, warm_up);
  };
  subject.run = [&] {
    Arrivals arrivals(calls);
    WriteAndWatch(
        *writer, kAddComment,
        [](std::int64_t call) { return BytesOf(NewComment(InvoiceId(call % kInvoices), call)); },
        ReadComments(comments.address, bearer, arrivals), arrivals);
    return measured(arrivals, subject_whole);
  };
  limit.run = [&] {
    Arrivals arrivals(calls);
    WriteAndWatch(*putter, "/etcdserverpb.KV/Put", PutRequest, ReadKeys(etcd->address(), arrivals),
                  arrivals);
    return measured(arrivals, limit_whole);
  };
  Interleave(bench.options().runs, {&subject, &limit});
  Row row = RatioRow(6, "commit to watcher p99, 2,000 events/s", "ms", P99Millis, subject, limit,
                     Bound::kAtMost, 1.0);
  row.note =
      "from the writer's answer to the watcher's event; one that comes before the answer counts as "
      "0";
  report.Add(std::move(row));
  Row whole = RatioRow(6, "post due to watcher p99, 2,000 events/s", "ms", P99Millis, subject_whole,
                       limit_whole, Bound::kNone, 0);
  whole.note = "the whole way, the commit included";
  report.Add(std::move(whole));
}

}  // namespace marginalia::bench
