#include "services/process/or_exit.h"

#include <errno.h>

#include <cstdlib>
#include <iostream>

#include "services/process/log.h"

namespace marginalia {

void OrExit(const absl::Status& status, std::string_view what) {
  if (status.ok()) return;
  FlushLog();
  std::cerr << program_invocation_short_name << ": " << what << ": "
            << std::string(status.message()) << std::endl;
  std::exit(EXIT_FAILURE);
}

}  // namespace marginalia
