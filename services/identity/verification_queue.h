// Verifies tokens on a thread of its own, for a process whose threads have better to do. Hosts take
// turns; one that has used up its budget of failures waits until it has some again, so that whoever
// sends bad tokens as fast as he can is answered slowly and costs nobody else anything.
// Thread-safe.
#ifndef MARGINALIA_SERVICES_IDENTITY_VERIFICATION_QUEUE_H_
#define MARGINALIA_SERVICES_IDENTITY_VERIFICATION_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "services/identity/token_verifier.h"
#include "services/net/host_budget.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// Tokens that wait; further ones are refused with RESOURCE_EXHAUSTED, reason
// TOO_MANY_UNKNOWN_TOKENS, with RetryInfo. Of one host half of them: one that floods is held up by
// its own, and leaves room for others.
inline constexpr std::size_t kVerificationsWaitingMax = 8192;
inline constexpr std::size_t kHostVerificationsWaitingMax = kVerificationsWaitingMax / 2;
// Whom they are refused to hears it so much later: who floods would only ask again, as fast as he
// is refused. Beyond so many who are to hear it, at once.
inline constexpr absl::Duration kRefusalDelay = absl::Seconds(1);
inline constexpr std::size_t kRefusalsWaitingMax = 16'384;

class VerificationQueue {
 public:
  using Verified = std::shared_ptr<const VerifiedToken>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Verified>)>;

  // `tokens` must outlive it.
  explicit VerificationQueue(TokenVerifier& tokens);
  // Those that wait are never answered.
  ~VerificationQueue();

  // Calls `done` once, on the queue's thread, which must not be kept waiting, or, when there is no
  // room even for a refusal, before it returns. Ask TokenVerifier::Known first, which costs next to
  // nothing.
  void Verify(std::string_view host, std::string token, Done done);

  std::size_t waiting() const;

 private:
  struct Pending {
    std::string token;
    Done done;
  };
  struct Refused {
    SteadyTime due;
    Done done;
  };
  using Hosts = std::map<std::string, std::deque<Pending>, std::less<>>;

  void Work();
  // Refuses to those whose time has come; else sets `wait` to how long the first of them waits.
  // With `lock` held, but not while it tells them.
  void TellRefused(std::unique_lock<std::mutex>& lock, absl::Duration& wait);
  // The next host in turn that may have a token verified now; else sets `wait` to how long the
  // first of them waits. With mutex_ held.
  Hosts::iterator Next(absl::Duration& wait);

  TokenVerifier& tokens_;
  HostBudget failures_{kTokenFailuresPerSecond};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Hosts hosts_;  // guarded by mutex_, as all that follows; none is empty
  std::deque<Refused> refused_;
  std::string last_host_;    // whose turn it was
  std::size_t waiting_ = 0;  // in all
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_VERIFICATION_QUEUE_H_
