#include "tests/support/moved_clock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace marginalia {

MovedClock::MovedClock(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  void* mapped = MAP_FAILED;
  if (file >= 0 && ftruncate(file, sizeof(std::int64_t)) == 0) {
    mapped = mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  if (mapped == MAP_FAILED) throw std::runtime_error("no clock can be made at " + path);
  seconds_ = new (mapped) std::atomic<std::int64_t>(0);
  setenv("MOVED_CLOCK", path.c_str(), 1);
  setenv("LD_PRELOAD", MOVED_CLOCK_PRELOAD, 1);
}

MovedClock::~MovedClock() {
  unsetenv("LD_PRELOAD");
  unsetenv("MOVED_CLOCK");
  munmap(seconds_, sizeof(std::int64_t));
}

void MovedClock::Set(absl::Duration ahead) { *seconds_ = absl::ToInt64Seconds(ahead); }

}  // namespace marginalia
