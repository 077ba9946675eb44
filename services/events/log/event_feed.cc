#include "services/events/log/event_feed.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "services/events/log/event_ring.h"
#include "services/events/log/wake_list.h"
#include "services/process/log.h"
#include "services/process/stopwatch.h"

namespace marginalia {
namespace {

// How often a replica asks the database for what other replicas have appended, in case that it was
// not notified. Half of what a reader without a token may be behind.
constexpr absl::Duration kHeadPollInterval = absl::Milliseconds(50);
constexpr absl::Duration kHeadPollIntervalAfterFailure = absl::Milliseconds(250);
// The longest sleep of the feed's thread: a wait for the end of time is not for every clock.
constexpr absl::Duration kSleepMax = absl::Minutes(1);

}  // namespace

// Everything is decided against ring.end(), under one lock: a watcher that was told "nothing
// follows" and then asks to be woken cannot miss the push in between.
struct EventFeed::State {
  State(std::int64_t head, FromOthers others, Rewrites rewriting)
      : ring(kRingEventsMax, kRingBytesMax, head),
        rewrites(std::move(rewriting)),
        from_others(std::move(others)) {}

  mutable std::mutex mutex;
  std::condition_variable changed;     // for the thread that wakes
  std::condition_variable hears_more;  // for the one that asks the database
  EventRing ring;                      // guarded by mutex, as all that follows
  const Rewrites rewrites;             // not guarded: it changes nothing
  WakeList waiters;
  bool closed = false;
  bool ended = false;                           // the threads are to end
  bool behind = false;                          // the log holds more than the ring knows of
  SteadyTime current_at = SteadyTime::Now();    // when the ring knew of all that was durable
  SteadyTime sleeps_until = SteadyTime();       // the waking thread, unless it is notified
  std::list<std::atomic<std::int64_t>> places;  // the numbers themselves change without the lock
  FromOthers from_others;                       // the hearing thread only, as what follows
  bool hears = true;                            // the last time that it asked it was answered
  std::thread waking;
  // Asks the database what others have appended, which may take long or have no answer. Not
  // started where there are no others.
  std::thread hearing;

  // `head`: what the log has got to; 0: perhaps further than the ring.
  void Notify(std::int64_t head);
  void Committed(const std::vector<EventPointer>& events);
  void Push(const std::vector<EventPointer>& events);
  // Lets go of what these have rewritten, also of what comes late from before them.
  void Forget(const std::vector<EventPointer>& events);
  void Wake();
  void Hear(EventLog& log);
  // Brings in what other replicas have appended. Returns how long to wait until the next time.
  absl::Duration CatchUp(EventLog& log);
  // Says so once. Returns how long to wait until the next time.
  absl::Duration CannotHear(const absl::Status& why);
  // Goes on after `head` without what lies between: whoever wants it reads from the database.
  void SkipTo(std::int64_t head);
  void End();
};

void EventFeed::State::Notify(std::int64_t head) {
  {
    const std::lock_guard lock(mutex);
    if (head != 0 && head <= ring.end()) return;
    behind = true;
  }
  hears_more.notify_one();
}

void EventFeed::State::Forget(const std::vector<EventPointer>& events) {
  if (rewrites == nullptr) return;
  for (const EventPointer& event : events) {
    if (!rewrites(*event)) continue;
    const std::lock_guard lock(mutex);
    ring.ForgetUpTo(event->position);
  }
}

void EventFeed::State::Committed(const std::vector<EventPointer>& events) {
  Forget(events);
  bool follows = false;
  {
    const std::lock_guard lock(mutex);
    follows = events.front()->position <= ring.end() + 1;
  }
  // Other replicas' events stand between: they must be heard of first.
  follows ? Push(events) : Notify(events.back()->position);
}

void EventFeed::State::Push(const std::vector<EventPointer>& events) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex);
    ring.Push(events);
    wakes = waiters.HasPassed(ring.end());
  }
  if (wakes) changed.notify_one();
}

void EventFeed::State::Wake() {
  std::unique_lock lock(mutex);
  while (!ended) {
    const SteadyTime now = SteadyTime::Now();
    std::vector<WakeList::Wake> due = closed ? waiters.TakeAll() : waiters.TakeDue(ring.end(), now);
    if (due.empty()) {
      const absl::Duration sleep = std::min(waiters.NextUntil() - now, kSleepMax);
      sleeps_until = now + sleep;
      changed.wait_for(lock, absl::ToChronoNanoseconds(sleep));
      sleeps_until = SteadyTime();
      continue;
    }
    // Not under the lock: a wake may come back here.
    lock.unlock();
    for (WakeList::Wake& wake : due) wake();
    due.clear();
    lock.lock();
  }
}

void EventFeed::State::Hear(EventLog& log) {
  SteadyTime next_poll = SteadyTime::Now();
  std::unique_lock lock(mutex);
  while (!closed) {
    if (!behind && !next_poll.passed()) {
      hears_more.wait_until(lock, next_poll.ToChrono());
      continue;
    }
    behind = false;
    lock.unlock();
    next_poll = SteadyTime::Now() + CatchUp(log);
    lock.lock();
  }
}

void EventFeed::State::End() {
  {
    const std::lock_guard lock(mutex);
    ended = true;
    closed = true;
  }
  changed.notify_one();
  hears_more.notify_one();
  waking.join();
  if (hearing.joinable()) hearing.join();
}

absl::Duration EventFeed::State::CannotHear(const absl::Status& why) {
  if (std::exchange(hears, false)) {
    Log(Severity::kError, "what other replicas have appended cannot be read",
        {{"error", std::string(why.message())}});
  }
  return kHeadPollIntervalAfterFailure;
}

void EventFeed::State::SkipTo(std::int64_t head) {
  if (from_others != nullptr) from_others({});
  const std::lock_guard lock(mutex);
  ring.Reset(head);
}

absl::Duration EventFeed::State::CatchUp(EventLog& log) {
  const SteadyTime asked_at = SteadyTime::Now();
  const absl::StatusOr<std::int64_t> head = log.RefreshHead();
  if (!head.ok()) return CannotHear(head.status());
  std::int64_t end = 0;
  bool skips = false;
  {
    const std::lock_guard lock(mutex);
    // Far behind, the ring is of no use: whoever is there reads from the database.
    skips = *head - ring.end() > static_cast<std::int64_t>(kRingEventsMax);
    end = skips ? *head : ring.end();
  }
  if (skips) SkipTo(*head);
  while (end < *head) {
    const auto events = log.ReadAfter(end, kBatchEventsMax);
    if (absl::IsOutOfRange(events.status()) || absl::IsDataLoss(events.status())) {
      // Another replica's retention has removed what comes next, or it is lost. Whoever is there
      // reads from the database, and is told.
      SkipTo(*head);
      break;
    }
    if (!events.ok()) return CannotHear(events.status());
    if (events->empty()) return kHeadPollIntervalAfterFailure;
    if (from_others != nullptr) from_others(*events);
    Forget(*events);
    Push(*events);
    end = events->back()->position;
  }
  hears = true;
  const std::lock_guard lock(mutex);
  current_at = asked_at;
  return kHeadPollInterval;
}

namespace {

// Keeps the state alive: a watcher may let go of its place after the feed has gone.
class HeldPlace : public EventFeed::Place {
 public:
  using Release = absl::AnyInvocable<void()>;
  HeldPlace(std::atomic<std::int64_t>& position, Release release)
      : position_(position), release_(std::move(release)) {}
  ~HeldPlace() override { release_(); }
  void Advance(std::int64_t position) override {
    position_.store(position, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t>& position_;
  Release release_;
};

}  // namespace

EventFeed::EventFeed(EventLog& log, FromOthers from_others, Rewrites rewrites)
    : log_(log),
      state_(std::make_shared<State>(log.head(), std::move(from_others), std::move(rewrites))) {
  log.OnCommitted(
      [state = state_](const std::vector<EventPointer>& events) { state->Committed(events); });
  State* const state = state_.get();
  state->waking = std::thread([state] { state->Wake(); });
  if (log.has_other_writers()) state->hearing = std::thread([state, &log] { state->Hear(log); });
  notifications_ = log.Listen([state = state_](std::int64_t head) { state->Notify(head); });
}

EventFeed::~EventFeed() {
  notifications_.reset();
  state_->End();
  std::vector<WakeList::Wake> left;
  {
    const std::lock_guard lock(state_->mutex);
    left = state_->waiters.TakeAll();
  }
  for (WakeList::Wake& wake : left) wake();
}

absl::StatusOr<std::vector<EventPointer>> EventFeed::After(std::int64_t after) {
  if (auto events = InMemory(after)) return *std::move(events);
  return log_.ReadAfter(after, kBatchEventsMax);
}

std::optional<std::vector<EventPointer>> EventFeed::InMemory(std::int64_t after) const {
  const std::lock_guard lock(state_->mutex);
  if (!state_->ring.Covers(after)) return std::nullopt;
  return state_->ring.After(after, kBatchEventsMax, kBatchBytesMax);
}

std::uint64_t EventFeed::WakeAfter(std::int64_t after, SteadyTime until,
                                   absl::AnyInvocable<void()> wake) {
  const std::lock_guard lock(state_->mutex);
  const bool due = state_->closed || after < state_->ring.end();
  // A thread that is awake looks at the list before it sleeps.
  if (due || until < state_->sleeps_until) state_->changed.notify_one();
  return state_->waiters.Add(after, until, std::move(wake));
}

bool EventFeed::Cancel(std::uint64_t id) {
  const std::lock_guard lock(state_->mutex);
  return state_->waiters.Remove(id);
}

std::unique_ptr<EventFeed::Place> EventFeed::HoldPlace(std::int64_t position) {
  const std::lock_guard lock(state_->mutex);
  const auto place = state_->places.emplace(state_->places.end(), position);
  return std::make_unique<HeldPlace>(*place, [state = state_, place] {
    const std::lock_guard release(state->mutex);
    state->places.erase(place);
  });
}

std::int64_t EventFeed::SlowestPlace() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->places.empty()) return log_.head();
  std::int64_t slowest = state_->places.front().load(std::memory_order_relaxed);
  for (const auto& place : state_->places) {
    slowest = std::min(slowest, place.load(std::memory_order_relaxed));
  }
  return slowest;
}

bool EventFeed::IsCurrent(absl::Duration age_max) const {
  if (!log_.has_other_writers()) return true;
  const std::lock_guard lock(state_->mutex);
  return SteadyTime::Now() - state_->current_at <= age_max;
}

std::int64_t EventFeed::end() const {
  const std::lock_guard lock(state_->mutex);
  return state_->ring.end();
}

void EventFeed::Close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->changed.notify_one();
  state_->hears_more.notify_one();
}

bool EventFeed::closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

}  // namespace marginalia
