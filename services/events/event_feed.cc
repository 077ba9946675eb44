#include "services/events/event_feed.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "services/events/event_ring.h"
#include "services/events/wake_list.h"
#include "services/process/log.h"

namespace marginalia {
namespace {

// How often a replica asks the database for what other replicas have appended.
constexpr absl::Duration kHeadPollInterval = absl::Milliseconds(20);
constexpr absl::Duration kHeadPollIntervalAfterFailure = absl::Seconds(1);
// The longest sleep of the feed's thread: a wait for the end of time is not for every clock.
constexpr absl::Duration kSleepMax = absl::Minutes(1);

}  // namespace

// Everything is decided against ring.end(), under one lock: a watcher that was told "nothing
// follows" and then asks to be woken cannot miss the push in between.
struct EventFeed::State {
  explicit State(std::int64_t head) : ring(kRingEventsMax, kRingBytesMax, head) {}

  std::mutex mutex;
  std::condition_variable changed;
  EventRing ring;  // guarded by mutex, as all that follows
  WakeList waiters;
  bool closed = false;
  bool ended = false;                              // the thread is to end
  absl::Time sleeps_until = absl::InfinitePast();  // the thread, unless it is notified
  std::list<std::atomic<std::int64_t>> places;     // the numbers themselves change without the lock
  std::thread thread;

  void Push(const std::vector<EventPointer>& events);
  void Work(EventLog& log);
  // Brings in what other replicas have appended. Returns when to do so next.
  absl::Time CatchUp(EventLog& log);
};

void EventFeed::State::Push(const std::vector<EventPointer>& events) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex);
    ring.Push(events);
    wakes = waiters.HasPassed(ring.end());
  }
  if (wakes) changed.notify_one();
}

void EventFeed::State::Work(EventLog& log) {
  absl::Time next_poll = log.has_other_writers() ? absl::Now() : absl::InfiniteFuture();
  std::unique_lock lock(mutex);
  while (!ended) {
    const absl::Time now = absl::Now();
    std::vector<WakeList::Wake> due = closed ? waiters.TakeAll() : waiters.TakeDue(ring.end(), now);
    const bool polls = !closed && now >= next_poll;
    if (due.empty() && !polls) {
      absl::Time until = std::min({waiters.NextUntil(), now + kSleepMax});
      if (!closed) until = std::min(until, next_poll);
      sleeps_until = until;
      changed.wait_until(lock, absl::ToChronoTime(until));
      sleeps_until = absl::InfinitePast();
      continue;
    }
    // Neither a wake nor a read runs under the lock: both may come back here.
    lock.unlock();
    for (WakeList::Wake& wake : due) wake();
    due.clear();
    if (polls) next_poll = CatchUp(log);
    lock.lock();
  }
}

absl::Time EventFeed::State::CatchUp(EventLog& log) {
  const absl::StatusOr<std::int64_t> head = log.RefreshHead();
  if (!head.ok()) return absl::Now() + kHeadPollIntervalAfterFailure;
  std::int64_t end = 0;
  {
    const std::lock_guard lock(mutex);
    // Far behind, the ring is of no use: whoever is there reads from the database.
    if (*head - ring.end() > static_cast<std::int64_t>(kRingEventsMax)) ring.Reset(*head);
    end = ring.end();
  }
  while (end < *head) {
    const auto events = log.ReadAfter(end, kBatchEventsMax);
    if (!events.ok() || events->empty()) return absl::Now() + kHeadPollIntervalAfterFailure;
    Push(*events);
    end = events->back()->position;
  }
  return absl::Now() + kHeadPollInterval;
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

EventFeed::EventFeed(EventLog& log) : log_(log), state_(std::make_shared<State>(log.head())) {
  log.OnCommitted(
      [state = state_](const std::vector<EventPointer>& events) { state->Push(events); });
  state_->thread = std::thread([state = state_.get(), &log] { state->Work(log); });
}

EventFeed::~EventFeed() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ended = true;
    state_->closed = true;
  }
  state_->changed.notify_one();
  state_->thread.join();
  std::vector<WakeList::Wake> left;
  {
    const std::lock_guard lock(state_->mutex);
    left = state_->waiters.TakeAll();
  }
  for (WakeList::Wake& wake : left) wake();
}

absl::StatusOr<std::vector<EventPointer>> EventFeed::After(std::int64_t after) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->ring.Covers(after)) {
      return state_->ring.After(after, kBatchEventsMax, kBatchBytesMax);
    }
  }
  return log_.ReadAfter(after, kBatchEventsMax);
}

std::uint64_t EventFeed::WakeAfter(std::int64_t after, absl::Time until,
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

void EventFeed::Close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->changed.notify_one();
}

bool EventFeed::closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

}  // namespace marginalia
