#include "invoice-service/freshness.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "services/errors/errors.h"
#include "services/process/stopwatch.h"
#include "services/rpc/client/deadline.h"
#include "services/tokens/token_keys.h"

namespace marginalia {
namespace {

constexpr std::string_view kTokenField = "consistency.at_least_as_fresh";
constexpr std::string_view kTokenReason = "CONSISTENCY_TOKEN_INVALID";
constexpr absl::Duration kRetryAfter = absl::Milliseconds(200);

// A tenant is told no less, and whole seconds: events are everybody's, and how long ago the last
// one was would tell when others write.
constexpr absl::Duration kTenantLagMin = absl::Seconds(2);

using Outcome = ProjectionProgress::Outcome;

absl::Status StatusOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kReached:
      return absl::OkStatus();
    case Outcome::kOtherLog:
      return InvalidField(kTokenField, "must be a token of the event log as it is now",
                          kTokenReason);
    case Outcome::kTooManyWaiters:
      return Refusal(absl::StatusCode::kResourceExhausted, "TOO_MANY_WAITERS",
                     "Too many calls are waiting for fresher comment counts.", {}, kRetryAfter);
    case Outcome::kClosed:
      return Refusal(absl::StatusCode::kUnavailable, "DRAINING",
                     "The process is ending; try again, on another one.", {}, kRetryAfter);
    case Outcome::kLate:
      break;
  }
  return Refusal(
      absl::StatusCode::kUnavailable, "PROJECTION_LAGGING",
      "The comment counts are not as fresh as was asked for; try again, or ask for less.", {},
      kRetryAfter);
}

SteadyTime WaitsUntil(SteadyTime deadline) {
  const SteadyTime now = SteadyTime::Now();
  const absl::Duration margin =
      std::clamp((deadline - now) / 10, kAnswerMarginMin, kAnswerMarginMax);
  return std::min(deadline - margin, now + kFreshnessWaitMax);
}

absl::Duration LagFor(const Caller& caller, absl::Duration lag) {
  if (caller.acts_for_all_tenants()) return lag;
  return lag < kTenantLagMin ? absl::ZeroDuration() : absl::Floor(lag, absl::Seconds(1));
}

}  // namespace

void Freshness::Await(const Caller& caller, const FreshnessRequirement& requirement,
                      const Trace& trace, SteadyTime deadline, Done done) {
  const SteadyTime until = WaitsUntil(deadline);
  switch (requirement.kind) {
    case FreshnessRequirement::Kind::kMinimizeLatency:
      return done(absl::OkStatus());
    case FreshnessRequirement::Kind::kAtLeastAsFresh: {
      const absl::StatusOr<LogPoint> point =
          ParseConsistencyToken(requirement.token, TokenScope(caller), kTokenField, kTokenReason);
      if (!point.ok()) return done(point.status());
      return progress_.WaitFor(*point, until, [done = std::move(done)](Outcome outcome) mutable {
        done(StatusOf(outcome));
      });
    }
    case FreshnessRequirement::Kind::kFullyConsistent: {
      const absl::StatusOr<SteadyTime> asked_until = DeadlineUpstream(deadline, kFreshnessWaitMax);
      if (!asked_until.ok()) return done(asked_until.status());
      return ask_head_(
          trace, *asked_until,
          [this, until, done = std::move(done)](absl::StatusOr<LogPoint> head) mutable {
            if (!head.ok()) return done(head.status());
            progress_.WaitFor(*head, until, [done = std::move(done)](Outcome outcome) mutable {
              // The projector is about to find that the log is a new one.
              done(StatusOf(outcome == Outcome::kOtherLog ? Outcome::kLate : outcome));
            });
          });
    }
  }
}

AsOf Freshness::Now(const Caller& caller) {
  const std::string_view scope = TokenScope(caller);
  const absl::Duration lag = LagFor(caller, progress_.Lag(SteadyTime::Now()));
  if (!scope.empty() && HasTokenKeys()) {
    // Each time another one: that it is the same as before would tell that nobody has written.
    const LogPoint point = progress_.point();
    return {point.log_id.empty() ? "" : MakeConsistencyToken(point, scope), lag};
  }
  // Before the point: a token that is newer than its epoch is only made anew once more.
  const std::uint64_t epoch = progress_.epoch();
  const std::lock_guard lock(mutex_);
  auto found = tokens_.find(scope);
  if (found != tokens_.end() && found->second.epoch == epoch) return {found->second.token, lag};
  const LogPoint point = progress_.point();
  std::string token = point.log_id.empty() ? "" : MakeConsistencyToken(point, scope);
  if (found == tokens_.end() && tokens_.size() >= kScopesRememberedMax) tokens_.clear();
  tokens_[std::string(scope)] = {epoch, token};
  return {std::move(token), lag};
}

}  // namespace marginalia
