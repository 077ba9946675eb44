// How SQLite is set up: every figure that trades speed for memory, disk or latency, in one place.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_SQLITE_SETTINGS_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_SQLITE_SETTINGS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace marginalia {

// Set when the file is made; an existing file keeps its own.
inline constexpr int kSqlitePageBytes = 4096;
// Page cache of the writing connection and of each reading one.
inline constexpr int kWriterCacheKibibytesMax = 8 * 1024;
inline constexpr int kReaderCacheKibibytesMax = 4 * 1024;

// How long the write-ahead log may become, in pages. It is copied back into the file beside the
// writer (WalCheckpoints).
struct WalLimits {
  // Copied back each time that it has grown by so many.
  int pages_per_copy = 4'000;
  // It starts over at this length, between two groups.
  int pages_restart = 16'000;
  // From here on the writer waits for the copying, which has fallen behind.
  int pages_max = 64'000;
  // A reader that does not end keeps it from starting over. It may become so long (2 GiB) before
  // writes are refused until that reader has ended.
  int pages_refused = 524'288;
};

// With nothing to write for this long, a log longer than kWalPagesIdleMax is copied back and
// truncated.
inline constexpr absl::Duration kIdleBeforeCheckpoint = absl::Milliseconds(500);
inline constexpr int kWalPagesIdleMax = 64;
// How long a checkpoint waits for readers: nobody's write may wait long for tidying up.
inline constexpr absl::Duration kCheckpointReaderWaitMax = absl::Milliseconds(50);

// Files up to this size are checked whole when they are opened, larger ones by header and schema.
inline constexpr std::int64_t kQuickCheckBytesMax = 64 * 1024 * 1024;

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_SQLITE_SETTINGS_H_
