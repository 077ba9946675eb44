#include "tests/bench/flooder.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace marginalia::bench {
namespace {

constexpr int kNiceMost = 19;

}  // namespace

// On Linux the priority is a thread's own.
void TakeCpuLast() { setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceMost); }

}  // namespace marginalia::bench
