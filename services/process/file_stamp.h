// Tells whether files that an operator replaces (keys, tokens, certificates) are still those that
// were read. Thread-safe.
#ifndef MARGINALIA_SERVICES_PROCESS_FILE_STAMP_H_
#define MARGINALIA_SERVICES_PROCESS_FILE_STAMP_H_

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace marginalia {

// Name, time of modification in nanoseconds, size, inode and permissions. Take it before the file
// is read: what is written meanwhile is then read again.
using FileStamp = std::tuple<std::string, std::int64_t, std::int64_t, std::uint64_t, std::uint32_t>;

// Of those of the files that are there.
std::vector<FileStamp> StampsOf(const std::vector<std::string>& paths);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_PROCESS_FILE_STAMP_H_
