// One call of WatchEvents, from the search for where it begins to its last message. Deletes itself
// when gRPC is done with it.
#ifndef MARGINALIA_COMMENTS_SERVICE_WATCH_WATCHER_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_WATCH_WATCHER_RPC_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "comments-service/invoices/invoice_lookup.h"
#include "comments-service/watch/open_watches.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/events/log/event_feed.h"
#include "services/process/stopwatch.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

// A watcher hears this often at least how far the log has got.
inline constexpr absl::Duration kCheckpointInterval = absl::Seconds(1);
// A replica that has not heard for so long what others have written ends its watches, rather than
// say that there is nothing.
inline constexpr absl::Duration kWatchBehindMax = absl::Seconds(2);
// Batches without a match that a watcher goes over before it says how far it has got, and others
// get their turn.
inline constexpr int kSilentBatchesMax = 16;

// One watch. It is always in exactly one hand: of the code that looks for what to send next (Step),
// of a message under way, or of the claim on it while it waits, for the feed or for the database.
// Only OnCancel and Cut come from outside. No thread waits for the database in here: on SQLite it
// answers at once, on PostgreSQL it may never.
class Watcher : public grpc::ServerWriteReactor<grpc::ByteBuffer>, public Watch {
 public:
  // Counts itself among `watches`. `feed` and `watches` must outlive it.
  Watcher(grpc::CallbackServerContext* context, AdmittedCall call, EventFeed& feed,
          OpenWatches& watches);

  // Once: checks the encoded WatchEventsRequest and begins, or ends with what is wrong.
  void Start(const grpc::ByteBuffer& bytes, InvoiceLookup& invoices);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void Cut() override { context_->TryCancel(); }

 private:
  class Claim;

  // Finds the thread that is to be watched, if only one is.
  void FindThread(InvoiceLookup& invoices);
  void FindStart();
  void StartAt(absl::StatusOr<std::int64_t> head);
  void Begin();
  void Step();
  void StepWith(std::vector<EventPointer> batch);
  // Goes through a batch. True: there is something to send.
  bool Gather(const std::vector<EventPointer>& batch);
  bool Matches(const Event& event) const;
  void Send();
  // Ends, with a last message if the peer does not know yet how far it has got.
  void SendLast(const absl::Status& status);
  // Lets go of the watch: at the latest at `until`, or once the log is past `after`, it goes on
  // with `woken`, unless whoever else has the claim takes it. Null, and the watch has ended, when
  // it was cancelled. After this nothing of the watch may be touched without the claim.
  std::shared_ptr<Claim> LetGo(std::int64_t after, SteadyTime until, void (Watcher::*woken)());
  // What a read is to call with its answer. The watch goes on with `then`, or has ended by then.
  template <class Answer>
  absl::AnyInvocable<void(absl::StatusOr<Answer>)> Answered(
      void (Watcher::*then)(absl::StatusOr<Answer>));
  void Took(absl::StatusOr<std::vector<EventPointer>> batch);
  void Checked(absl::StatusOr<std::vector<EventPointer>> retained);
  void Unanswered();
  void Wait();
  void End(const absl::Status& status);
  bool cancelled();
  void CompleteMessage();

  grpc::CallbackServerContext* const context_;
  AdmittedCall call_;
  EventFeed& feed_;
  OpenWatches& watches_;
  const bool for_all_tenants_;
  const std::string scope_;

  // In the one hand.
  comments::v1::WatchEventsRequest request_;  // until it begins
  std::string invoice_id_;                    // empty: all
  std::int64_t position_ = 0;
  // How far the peer knows that it has got; nothing: it knows no place to resume from.
  std::optional<std::int64_t> told_;
  int silent_batches_ = 0;
  std::unique_ptr<EventFeed::Place> place_;
  SteadyTime checkpoint_due_;
  std::string gathered_;
  grpc::ByteBuffer message_;

  std::mutex mutex_;
  bool cancelled_ = false;        // guarded by mutex_
  std::shared_ptr<Claim> claim_;  // guarded by mutex_; the newest one
  std::uint64_t wake_id_ = 0;     // guarded by mutex_; that goes with it
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_WATCH_WATCHER_RPC_H_
