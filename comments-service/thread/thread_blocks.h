// What pages below the newest are answered from without asking the database: whole ones that were
// asked for more than once, as long as nobody has written to their thread, and the comments of
// threads, encoded, in blocks of neighbours, with what every page of a thread ends with. A comment
// that is added changes the end of its thread's pages and no block; one that is edited, removed or
// erased takes its block away as well. Part of ThreadPages, which tells it of every write.
// Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_BLOCKS_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_BLOCKS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "comments-service/thread/store/thread_span.h"
#include "services/cache/lru.h"
#include "services/telemetry/metrics.h"

namespace marginalia {

inline constexpr std::size_t kThreadBlocksBytesMax = 48 * 1024 * 1024;
inline constexpr std::size_t kThreadBlocksMax = 131'072;
inline constexpr std::size_t kOlderPagesBytesMax = 32 * 1024 * 1024;
inline constexpr std::size_t kOlderPagesMax = 32'768;
inline constexpr std::size_t kThreadEndsBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kThreadEndsMax = 8192;
// A page of the usual size stands in one block or two.
inline constexpr std::int64_t kBlockComments = 32;

// An encoded answer, shared by all calls that it is sent to.
using EncodedPage = std::shared_ptr<const std::string>;

// What all pages of a thread say behind their comments and their page tokens.
struct ThreadEnd {
  // Of the newest comment, as of Thread.
  std::int64_t place_count = 0;
  std::string encoded;
};

class ThreadBlocks {
 public:
  // What has happened to a thread: of the same version nothing was written in between, or with the
  // same `changes` nothing but comments that were added.
  struct Version {
    std::uint64_t writes = 0;
    std::uint64_t changes = 0;

    friend bool operator==(const Version&, const Version&) = default;
  };

  // To be taken before the snapshot is, or before anything is found here that must fit together:
  // what was found fits when the version is still the same behind it.
  Version VersionOf(const ThreadRef& thread) const;

  // The page that this token leads to, when it was kept and nothing has been written to the thread
  // since; else null. A token that was good once is good for as long as its page is kept.
  EncodedPage FindPage(const ThreadRef& thread, int page_size, std::string_view page_token);

  // Null when it is not known.
  std::shared_ptr<const ThreadEnd> FindEnd(const ThreadRef& thread);
  // Appends the comments of the span, newest first, as a page has them. False, with nothing
  // appended, when one of them is not known.
  bool AppendComments(const ThreadRef& thread, const ThreadSpan& span, std::string& page);

  // All do nothing when a write that matters to them has been committed, or is about to, since
  // `version`. The end first, which whole pages are found by.
  void KeepEnd(const ThreadRef& thread, const Version& version, ThreadEnd end);
  void KeepPage(const ThreadRef& thread, int page_size, std::string_view page_token,
                const Version& version, EncodedPage page);
  // `comments` as AppendComments appends them; `ends` says where each of them ends there.
  void KeepComments(const ThreadRef& thread, const Version& version, const ThreadSpan& span,
                    std::string_view comments, const std::vector<std::size_t>& ends);

  // A comment that has changed; its thread's key as ThreadPages has it (TenantKey).
  struct ChangedComment {
    std::string thread_key;
    std::int64_t sequence = 0;
    // No text of it may stay behind, also where nobody finds it any more.
    bool erased = false;
  };
  // Ahead of a commit to these threads, and once for each when it is over: in between nothing of
  // them is kept.
  void Block(const std::vector<std::string>& thread_keys,
             const std::vector<ChangedComment>& changes);
  void Unblock(const std::vector<std::string>& thread_keys,
               const std::vector<ChangedComment>& changes);
  // Others have written to the thread; `changed` is the comment that they changed, or 0.
  void Outdate(std::string_view thread_key, std::int64_t changed);
  // Others have erased a text: lets go of all whole pages.
  void ForgetPages() { pages_.Clear(); }
  // Others have written what could not be told.
  void OutdateAll();

  // Counts, from now on, the pages below the newest that were put together here, and those that the
  // database was asked for. To be called before the first page.
  void CountWith(Counter* hits, Counter* misses);
  void CountPage(bool found) const;

  // What is kept, overhead included.
  std::size_t bytes() const { return pages_.bytes() + blocks_.bytes() + ends_.bytes(); }

 private:
  static constexpr std::size_t kShards = 64;

  struct Writes {
    mutable std::mutex mutex;  // guards all that follows
    Version version;
    int blocked = 0;
    int changes_blocked = 0;
  };
  // The places of a block, newest first: the comment in place n stands from begins[n] to
  // begins[n + 1]; of one that is not known there is nothing.
  struct Places {
    std::array<std::uint32_t, kBlockComments + 1> begins{};
    std::string bytes;

    std::string_view Of(std::size_t first, std::size_t last) const {
      return std::string_view(bytes).substr(begins[first], begins[last + 1] - begins[first]);
    }
    bool Has(std::size_t first, std::size_t last) const;
    void Append(std::string_view comment, std::size_t place);
  };

  Writes& WritesTo(std::string_view thread_key);
  const Writes& WritesTo(std::string_view thread_key) const;
  void KeepBlock(std::string_view thread_key, std::int64_t number, const Version& version,
                 Places places);

  // Found for as long as the end that was known when it was kept: it goes with the next write to
  // its thread, and is not kept twice.
  struct OlderPage {
    std::shared_ptr<const ThreadEnd> end;
    EncodedPage page;
  };

  std::array<Writes, kShards> writes_;
  Lru<OlderPage> pages_{{.entries_max = kOlderPagesMax, .bytes_max = kOlderPagesBytesMax}};
  Lru<std::shared_ptr<const ThreadEnd>> ends_{
      {.entries_max = kThreadEndsMax, .bytes_max = kThreadEndsBytesMax}};
  Lru<std::shared_ptr<const Places>> blocks_{
      {.entries_max = kThreadBlocksMax, .bytes_max = kThreadBlocksBytesMax}};
  Counter* hits_ = nullptr;
  Counter* misses_ = nullptr;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_THREAD_BLOCKS_H_
