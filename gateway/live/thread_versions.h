// The revision of each thread, as far as this gateway knows, so that "has it changed?" is
// answered without asking upstream. Answers and events fill it; the least recently used go first.
// Whether it may be believed is the event subscription's to say: see EventStream::current.
// Thread-safe.
#ifndef MARGINALIA_GATEWAY_LIVE_THREAD_VERSIONS_H_
#define MARGINALIA_GATEWAY_LIVE_THREAD_VERSIONS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "services/tokens/consistency_token.h"

namespace marginalia {

inline constexpr std::size_t kThreadsRememberedMax = 32'768;

class ThreadVersions {
 public:
  // At least two: one thread and its other name.
  explicit ThreadVersions(std::size_t threads_max = kThreadsRememberedMax);

  // From here on every event of the log after `point` is told by Raise. Forgets everything.
  void StartFrom(const LogPoint& point);

  // An event: the thread was at `revision` at `position`.
  void Raise(std::string_view org_id, std::string_view invoice_id, std::int64_t revision,
             std::int64_t position);

  // An answer from upstream: the thread was at `revision` at `point`. `asked_id` is what the
  // caller called the invoice, `invoice_id` what it is really called. Ignored when events since
  // then may have been missed.
  void Learn(const LogPoint& point, std::string_view org_id, std::string_view asked_id,
             std::string_view invoice_id, std::int64_t revision);

  // Somebody changed the thread through this gateway at `point`, whose event may not be here yet:
  // until something as new tells the revision, nobody knows it.
  void Changed(const LogPoint& point, std::string_view org_id, std::string_view asked_id,
               std::string_view invoice_id);

  struct Version {
    std::string log_id;
    std::int64_t revision = 0;

    friend bool operator==(const Version&, const Version&) = default;
  };
  std::optional<Version> Find(std::string_view org_id, std::string_view asked_id);

 private:
  struct Entry {
    std::string key;
    // The key of the thread that this is another name for; empty: it is the thread.
    std::string thread;
    std::int64_t revision = 0;
    // Where in the log the thread was told of and changed last.
    std::int64_t told_position = 0;
    std::int64_t changed_position = 0;
  };
  using Entries = std::list<Entry>;

  // Null when unknown; otherwise it is the most recently used now.
  Entry* Use(const std::string& key);
  // Forgets those that were used least recently until so many more fit; what is used now stays.
  void MakeRoom(std::size_t entries);
  // The entry of that key, made when there is none; there must be room for it.
  Entry& Entered(const std::string& key);
  // The entry of the thread by an answer as of `position`, with its other name; null when events
  // since then may have been missed.
  Entry* Answered(std::int64_t position, std::string_view org_id, std::string_view asked_id,
                  std::string_view invoice_id);

  const std::size_t threads_max_;
  std::mutex mutex_;
  std::string log_id_;
  // Everything since this position is known: the start, or the last time something was forgotten.
  std::int64_t complete_since_ = 0;
  std::int64_t position_ = 0;
  Entries entries_;
  absl::flat_hash_map<std::string, Entries::iterator> index_;
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_LIVE_THREAD_VERSIONS_H_
