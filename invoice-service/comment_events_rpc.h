// The comments service as the projector and the reads need it: the stream of all events, the
// snapshot of all counts, and where the log ends. Calls carry this process's own token.
// Thread-safe.
#ifndef MARGINALIA_INVOICE_SERVICE_COMMENT_EVENTS_RPC_H_
#define MARGINALIA_INVOICE_SERVICE_COMMENT_EVENTS_RPC_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "marginalia/comments/v1/comments_service.grpc.pb.h"
#include "services/events/projection/event_source.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/channel.h"
#include "services/telemetry/trace.h"

namespace marginalia {

inline constexpr int kSnapshotRowsMax = 1000;
inline constexpr absl::Duration kSnapshotPageWaitMax = absl::Seconds(10);

class CommentEvents final : public EventSource {
 public:
  // Token and tracer are not owned and must outlive the source. Without a tracer no span is
  // recorded.
  CommentEvents(std::shared_ptr<grpc::Channel> channel, ServiceToken& token,
                Tracer* tracer = nullptr);

  std::unique_ptr<SourceStream> Open(const LogPoint& after) override;
  absl::StatusOr<SnapshotPage> ReadSnapshot(const std::string& page_token) override;
  absl::StatusOr<LogPoint> Head() override;
  void Cancel() override;

  // Head for a call, which must not wait. Errors: UNAVAILABLE (COMMENTS_SERVICE_UNAVAILABLE).
  void AskHead(const Trace& trace, SteadyTime deadline,
               absl::AnyInvocable<void(absl::StatusOr<LogPoint>)> done);

 private:
  using Counts = comments::v1::ListThreadCountsResponse;
  absl::StatusOr<Counts> ListThreadCounts(const std::string& page_token, int page_size);

  ServiceToken& token_;
  Tracer* const tracer_;
  std::unique_ptr<comments::v1::CommentsService::Stub> stub_;
  std::mutex mutex_;
  bool cancelled_ = false;                    // guarded by mutex_
  grpc::ClientContext* under_way_ = nullptr;  // guarded by mutex_
};

}  // namespace marginalia

#endif  // MARGINALIA_INVOICE_SERVICE_COMMENT_EVENTS_RPC_H_
