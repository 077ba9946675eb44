// A bounded cache of the newest pages of threads, encoded and ready to send, and of the comments
// that older pages are put together from (ThreadBlocks). Takes part in every group, so that a
// reader who comes after an acknowledged write never finds the page from before it. Of other
// replicas' writes it is told a little later (OutdateFor): whoever reads from it there asks first
// how current the one who tells it is. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_PAGES_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_PAGES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "comments-service/thread/thread_blocks.h"
#include "services/events/log/event.h"
#include "services/storage/group/group_commit.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

inline constexpr std::size_t kThreadPagesBytesMax = 16 * 1024 * 1024;
inline constexpr std::size_t kThreadPagesThreadsMax = 8192;
// A page larger than this is not worth the many others that it would push out.
inline constexpr std::size_t kThreadPageBytesMax = 256 * 1024;
// Page sizes of one thread that are kept: clients use one or two.
inline constexpr std::size_t kPagesPerThreadMax = 4;

struct ThreadPageKey {
  std::string_view org_id;
  std::string_view invoice_id;
  int page_size = 0;
};

class ThreadPages : public GroupParticipant {
 public:
  // Null when the page is not cached.
  EncodedPage Find(const ThreadPageKey& key);

  // What Insert wants back: taken before the snapshot that the page is read from.
  std::uint64_t Generation(const ThreadPageKey& key) const;

  // Does nothing when a write to the thread has committed, or is about to, since `generation`.
  void Insert(const ThreadPageKey& key, std::uint64_t generation, EncodedPage page);

  // Inside a write: the group writes to this thread; `changed` is the sequence of the comment of it
  // that shows something else from now on, or 0, and `erased` says that its texts are to be gone.
  void Touch(std::string_view org_id, std::string_view invoice_id, std::int64_t changed = 0,
             bool erased = false);

  // Others have written: the threads of these events, or all of them when there is none.
  void OutdateFor(const std::vector<EventPointer>& events);

  // Counts what Find finds and does not find, from now on. To be called before the first Find.
  void CountWith(Counter* hits, Counter* misses);

  ThreadBlocks& blocks() { return blocks_; }

  void Begin(Connection& connection) override;
  // Pages go before the commit, and none comes back until it is announced: nobody can see a comment
  // elsewhere and then miss it here.
  void BeforeCommit(Connection& connection) override;
  void Committed() override { Unblock(); }
  void RolledBack() override { Unblock(); }

 private:
  static constexpr std::size_t kShards = 16;

  struct CachedPage {
    int page_size;
    EncodedPage page;
  };
  struct Thread {
    std::string key;
    std::vector<CachedPage> pages;
    std::size_t bytes = 0;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::uint64_t generation = 0;  // all guarded by mutex
    int blocked = 0;
    std::list<Thread> threads;  // most recently used first
    absl::flat_hash_map<std::string_view, std::list<Thread>::iterator> index;  // keys in threads
    std::size_t bytes = 0;
  };

  Shard& ShardOf(std::string_view thread_key);
  const Shard& ShardOf(std::string_view thread_key) const;
  void Outdate(std::string_view thread_key);
  static void Remove(Shard& shard, std::list<Thread>::iterator thread);
  static void Trim(Shard& shard);
  void Unblock();

  std::array<Shard, kShards> shards_;
  Counter* hits_ = nullptr;
  Counter* misses_ = nullptr;
  ThreadBlocks blocks_;
  // Writer thread only.
  std::vector<std::string> touched_;
  std::vector<std::string> blocked_;
  std::vector<ThreadBlocks::ChangedComment> changed_;
  std::vector<ThreadBlocks::ChangedComment> blocked_changes_;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_PAGES_H_
