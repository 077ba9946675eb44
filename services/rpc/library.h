// What the gRPC library is told once in a process, before anything of it is used. Thread-safe.
#ifndef MARGINALIA_SERVICES_RPC_LIBRARY_H_
#define MARGINALIA_SERVICES_RPC_LIBRARY_H_

namespace marginalia {

// Its errors become lines of our log, and its locks cost what locks cost.
void PrepareLibraryOnce();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_RPC_LIBRARY_H_
