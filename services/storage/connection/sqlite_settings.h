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

// The writer copies the write-ahead log back into the file when it has grown by this many pages,
// after the group that made it grow has been answered.
inline constexpr int kWalPagesPerCheckpoint = 4'000;
// Beyond this it also waits for readers to let go, so that the log starts over instead of growing.
inline constexpr int kWalPagesMax = 32'000;
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
