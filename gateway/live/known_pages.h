// Pages of threads as they were answered, so that a page of a thread that has not changed since
// costs no call upstream. What a page shows is decided by its thread's revision: whoever looks for
// one says which is the newest (thread_versions.h), and that events may be believed. Bounded by
// bytes; the least recently used go first. Thread-safe.
#ifndef MARGINALIA_GATEWAY_LIVE_KNOWN_PAGES_H_
#define MARGINALIA_GATEWAY_LIVE_KNOWN_PAGES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/live/thread_versions.h"
#include "services/cache/lru.h"

namespace marginalia {

inline constexpr std::size_t kKnownPagesBytesMax = 32 * 1024 * 1024;
inline constexpr std::size_t kKnownPagesMax = 16'384;

// What is asked for, and by whose tenant: pages are never another tenant's.
struct PageAsked {
  std::string_view org_id;
  // As the caller calls the invoice.
  std::string_view invoice_id;
  std::string_view cursor;
  int limit = 0;
  ContentCoding coding = ContentCoding::kIdentity;
};

class KnownPages {
 public:
  explicit KnownPages(std::size_t bytes_max = kKnownPagesBytesMax)
      : pages_({.entries_max = kKnownPagesMax, .bytes_max = bytes_max}) {}

  // The page as of just that version of the thread; null: it is not known.
  std::shared_ptr<const HttpResponse> Find(const PageAsked& asked,
                                           const ThreadVersions::Version& version);

  // What Learn wants back, taken before upstream is asked.
  std::uint64_t Generation(const PageAsked& asked);
  // The page as upstream has told it; `page` is sent as it is. Ignored when something was forgotten
  // since `generation`.
  void Learn(const PageAsked& asked, const ThreadVersions::Version& version, HttpResponse page,
             std::uint64_t generation);

  // A text was erased: lets go of everything, and of what is being asked for now.
  void Forget() { pages_.Clear(); }

  std::size_t bytes() const { return pages_.bytes(); }
  // How many were found.
  std::int64_t found() const { return found_.load(std::memory_order_relaxed); }

 private:
  struct Page {
    ThreadVersions::Version version;
    std::shared_ptr<const HttpResponse> response;
  };

  Lru<Page> pages_;
  std::atomic<std::int64_t> found_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_KNOWN_PAGES_H_
