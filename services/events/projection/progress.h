// How far a projection has got, and who waits for it to get further. The projector writes it, calls
// read it and wait on it. Thread-safe; must outlive the projector.
#ifndef MARGINALIA_SERVICES_EVENTS_PROJECTION_PROGRESS_H_
#define MARGINALIA_SERVICES_EVENTS_PROJECTION_PROGRESS_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/process/stopwatch.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

inline constexpr std::size_t kFreshnessWaitersMax = 10'000;
// A process that knows no point yet waits for one until nothing has been heard of the source for so
// long; then it serves what it can without.
inline constexpr absl::Duration kSourceAwayMax = absl::Seconds(10);

class ProjectionProgress {
 public:
  enum class Outcome {
    kReached,
    // The time has passed.
    kLate,
    // The process is ending: another one may be as far.
    kClosed,
    // The log that the projector follows right now is another one.
    kOtherLog,
    // kFreshnessWaitersMax are waiting already.
    kTooManyWaiters,
  };
  using Done = absl::AnyInvocable<void(Outcome)>;

  explicit ProjectionProgress(absl::Duration source_away_max = kSourceAwayMax);
  ~ProjectionProgress();
  ProjectionProgress(const ProjectionProgress&) = delete;
  ProjectionProgress& operator=(const ProjectionProgress&) = delete;

  // Calls `done` once: before WaitFor returns when there is nothing to wait for, else on the thread
  // of its own that wakes waiters. While no stream is open, a point of another log is waited for,
  // because the projector may be about to find that the log is a new one.
  void WaitFor(const LogPoint& point, SteadyTime until, Done done);

  // Calls `ready` once, on the same thread: when the first point is known (true), or when the
  // source has been away for too long to wait for it (false). Not after Close. To be called once.
  void WhenReady(absl::AnyInvocable<void(bool known)> ready);

  // The point that all reads include; an empty log id while none is known: then nobody knows what
  // the projection would say.
  LogPoint point() const;
  // Another number whenever the point is another one: what is derived from the point may be kept
  // for as long as the epoch stays.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  // How long ago it was last known that nothing was missing. Never negative. While that has never
  // been known: since the start.
  absl::Duration Lag(SteadyTime now) const;
  bool following() const;
  std::size_t waiting() const;

  // The projector: all at or before `point` is applied, committed and gone from the caches. May
  // also go back, after a rebuild.
  void Reach(const LogPoint& point, absl::Time complete_until);
  // The projector: the source, or another process that builds the projection, is there.
  void SourceHeard();
  // Whether a stream of point()'s log is open and has been heard from.
  void SetFollowing(bool following);

  // A verification has found so many rows to differ; a rebuild leaves none.
  void Verified(std::int64_t rows_differing, absl::Time when);
  // What the last verification found, NaN before the first, and when that was.
  double drift() const { return drift_.load(std::memory_order_relaxed); }
  absl::Time verified_at() const;

  // Close, at that time at the latest: until then a process that drains is as fresh as ever.
  void CloseAt(SteadyTime time);
  // Answers all that wait, and all that come after, with kClosed unless their point is reached.
  // Waits for the calls under way, so never from one.
  void Close();

 private:
  struct Waiter {
    LogPoint point;
    SteadyTime until;
    Done done;
  };
  using Ready = std::vector<std::pair<Done, Outcome>>;
  using ById = std::map<std::uint64_t, Waiter>;

  // These hold mutex_.
  ById::iterator Resolve(ById::iterator waiter, Outcome outcome);
  void ResolveReached();
  void ResolveOtherLogs();
  void ResolveLate(SteadyTime now);
  void ResolveReady(SteadyTime now);
  void ResolveAll();
  void Wake();

  const absl::Duration source_away_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable called_;
  bool calling_ = false;
  LogPoint point_;
  SteadyTime source_heard_ = SteadyTime::Now();
  absl::AnyInvocable<void(bool)> when_ready_;  // null: told, or not asked for
  bool following_ = false;
  bool closed_ = false;
  bool ended_ = false;  // the thread is to end
  SteadyTime closes_at_ = SteadyTime::Never();
  std::uint64_t last_id_ = 0;
  ById waiters_;
  std::set<std::tuple<std::string, std::int64_t, std::uint64_t>> by_point_;  // log, position, id
  std::set<std::pair<SteadyTime, std::uint64_t>> by_deadline_;
  Ready ready_;
  std::atomic<std::uint64_t> epoch_ = 0;
  std::atomic<std::int64_t> known_whole_nanos_;
  std::atomic<double> drift_ = std::numeric_limits<double>::quiet_NaN();
  std::atomic<std::int64_t> verified_at_seconds_ = 0;
  std::thread waker_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_EVENTS_PROJECTION_PROGRESS_H_
