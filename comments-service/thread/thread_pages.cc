#include "comments-service/thread/thread_pages.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "comments-service/thread/wire/erased_event.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

// The thread's key, in a buffer of the calling thread: a hit must not allocate.
std::string_view ThreadKey(std::string_view org_id, std::string_view invoice_id) {
  thread_local std::string key;
  SetTenantKey(key, org_id, invoice_id);
  return key;
}

}  // namespace

ThreadPages::Shard& ThreadPages::ShardOf(std::string_view thread_key) {
  return shards_[std::hash<std::string_view>()(thread_key) % kShards];
}

const ThreadPages::Shard& ThreadPages::ShardOf(std::string_view thread_key) const {
  return shards_[std::hash<std::string_view>()(thread_key) % kShards];
}

void ThreadPages::CountWith(Counter* hits, Counter* misses) {
  hits_ = hits;
  misses_ = misses;
}

EncodedPage ThreadPages::Find(const ThreadPageKey& key) {
  const std::string_view thread_key = ThreadKey(key.org_id, key.invoice_id);
  Shard& shard = ShardOf(thread_key);
  {
    std::lock_guard lock(shard.mutex);
    if (const auto found = shard.index.find(thread_key); found != shard.index.end()) {
      shard.threads.splice(shard.threads.begin(), shard.threads, found->second);
      for (const CachedPage& cached : found->second->pages) {
        if (cached.page_size == key.page_size) {
          if (hits_ != nullptr) hits_->Add();
          return cached.page;
        }
      }
    }
  }
  if (misses_ != nullptr) misses_->Add();
  return nullptr;
}

std::uint64_t ThreadPages::Generation(const ThreadPageKey& key) const {
  const Shard& shard = ShardOf(ThreadKey(key.org_id, key.invoice_id));
  std::lock_guard lock(shard.mutex);
  return shard.generation;
}

void ThreadPages::Insert(const ThreadPageKey& key, std::uint64_t generation, EncodedPage page) {
  if (page->size() > kThreadPageBytesMax) return;
  const std::string_view thread_key = ThreadKey(key.org_id, key.invoice_id);
  Shard& shard = ShardOf(thread_key);
  std::lock_guard lock(shard.mutex);
  if (shard.blocked > 0 || shard.generation != generation) return;
  auto found = shard.index.find(thread_key);
  if (found == shard.index.end()) {
    shard.threads.push_front(Thread{.key = std::string(thread_key)});
    found = shard.index.emplace(shard.threads.front().key, shard.threads.begin()).first;
  }
  Thread& thread = *found->second;
  const bool there = std::any_of(thread.pages.begin(), thread.pages.end(), [&](const auto& cached) {
    return cached.page_size == key.page_size;
  });
  if (there) return;
  if (thread.pages.size() == kPagesPerThreadMax) {
    thread.bytes -= thread.pages.front().page->size();
    shard.bytes -= thread.pages.front().page->size();
    thread.pages.erase(thread.pages.begin());
  }
  thread.bytes += page->size();
  shard.bytes += page->size();
  thread.pages.push_back({key.page_size, std::move(page)});
  Trim(shard);
}

void ThreadPages::Touch(std::string_view org_id, std::string_view invoice_id, std::int64_t changed,
                        bool erased) {
  const std::string_view key = ThreadKey(org_id, invoice_id);
  // A group often writes to one thread many times over.
  if (touched_.empty() || touched_.back() != key) touched_.emplace_back(key);
  if (changed != 0) changed_.push_back({std::string(key), changed, erased});
}

void ThreadPages::Begin(Connection& connection) {
  touched_.clear();
  changed_.clear();
}

void ThreadPages::BeforeCommit(Connection& connection) {
  blocked_ = std::move(touched_);
  touched_.clear();
  blocked_changes_ = std::move(changed_);
  changed_.clear();
  blocks_.Block(blocked_, blocked_changes_);
  for (const std::string& key : blocked_) {
    {
      Shard& shard = ShardOf(key);
      std::lock_guard lock(shard.mutex);
      ++shard.blocked;
    }
    Outdate(key);
  }
}

void ThreadPages::OutdateFor(const std::vector<EventPointer>& events) {
  for (const EventPointer& event : events) {
    const std::string_view key = ThreadKey(event->org_id, event->subject);
    Outdate(key);
    const std::optional<std::int64_t> changed = ChangedPlace(event->payload);
    changed.has_value() ? blocks_.Outdate(key, *changed) : blocks_.OutdateAll();
    if (IsErasure(event->payload)) blocks_.ForgetPages();
  }
  if (!events.empty()) return;
  blocks_.OutdateAll();
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    ++shard.generation;
    while (!shard.threads.empty()) Remove(shard, shard.threads.begin());
  }
}

void ThreadPages::Outdate(std::string_view thread_key) {
  Shard& shard = ShardOf(thread_key);
  std::lock_guard lock(shard.mutex);
  ++shard.generation;
  if (const auto found = shard.index.find(thread_key); found != shard.index.end()) {
    Remove(shard, found->second);
  }
}

void ThreadPages::Unblock() {
  for (const std::string& key : blocked_) {
    Shard& shard = ShardOf(key);
    std::lock_guard lock(shard.mutex);
    --shard.blocked;
    // A snapshot taken while the commit was under way may be from before it.
    ++shard.generation;
  }
  blocks_.Unblock(blocked_, blocked_changes_);
  blocked_.clear();
  blocked_changes_.clear();
  touched_.clear();
  changed_.clear();
}

void ThreadPages::Remove(Shard& shard, std::list<Thread>::iterator thread) {
  shard.bytes -= thread->bytes;
  shard.index.erase(thread->key);
  shard.threads.erase(thread);
}

void ThreadPages::Trim(Shard& shard) {
  while (shard.bytes > kThreadPagesBytesMax / kShards ||
         shard.threads.size() > kThreadPagesThreadsMax / kShards) {
    Remove(shard, std::prev(shard.threads.end()));
  }
}

}  // namespace marginalia
