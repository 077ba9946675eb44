#include "tests/record/by_the_book.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

BookVerdict RunProgram(std::vector<std::string> arguments) {
  const TempDir directory;
  const int out = open(directory.File("out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  arguments.insert(arguments.begin(), "/usr/bin/env");
  const int exit_code =
      ChildProcess(arguments, {.stdout_fd = out, .stderr_path = directory.File("error")}).Wait();
  close(out);
  BookVerdict verdict{.exit_code = exit_code, .said = ""};
  for (const char* name : {"out", "error"}) {
    std::ifstream file(directory.File(name), std::ios::binary);
    verdict.said.append(std::istreambuf_iterator<char>(file), {});
  }
  return verdict;
}

BookVerdict VerifyByTheBook(const std::string& subject, const std::string& document) {
  const TempDir directory;
  std::ofstream(directory.File("document"), std::ios::binary) << document;
  return RunProgram({"node", BY_THE_BOOK, subject, directory.File("document")});
}

}  // namespace marginalia
