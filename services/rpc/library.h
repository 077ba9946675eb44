// What the gRPC library is told once in a process, before anything of it is used. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_LIBRARY_H_
#define MARGINALIA_SERVICES_RPC_LIBRARY_H_

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace marginalia {

// Of what the library has to say about errors, which any caller can make it say, so many lines a
// minute are logged; the first one after a pause says how many were not.
inline constexpr std::int64_t kLibraryLinesPerMinuteMax = 60;
inline constexpr std::size_t kLibraryLineBytesMax = 512;

// Its errors become lines of our log, and its locks cost what locks cost.
void PrepareLibraryOnce();

// How many errors it has told, logged or not.
std::int64_t LibraryErrors();

// To be held while a server is made and while channelz is asked for servers: gRPC 1.51 lists a
// server before it is whole (the node registers in its base's constructor), and whoever looks at it
// then ends the process.
std::unique_lock<std::mutex> HoldServers();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_LIBRARY_H_
