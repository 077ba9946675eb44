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

BookVerdict VerifyNoteByOpenSsl(const std::string& note, const std::string& verifier_key) {
  const TempDir directory;
  const auto write = [&directory](const std::string& name, const std::string& bytes) {
    std::ofstream(directory.File(name), std::ios::binary) << bytes;
  };
  // Of base64, without the bytes in front that say which key it is.
  const auto decoded = [&](const std::string& base64, std::size_t skipped) {
    write("base64", base64);
    const BookVerdict bytes = RunProgram({"openssl", "base64", "-d", "-A", "-in",
                                          directory.File("base64"), "-out", directory.File("raw")});
    std::ifstream file(directory.File("raw"), std::ios::binary);
    const std::string raw(std::istreambuf_iterator<char>(file), {});
    return bytes.exit_code == 0 && raw.size() > skipped ? raw.substr(skipped) : "";
  };
  const std::size_t end = note.find("\n\n");
  if (end == note.npos) return {.exit_code = -1, .said = "no blank line"};
  const std::string line = note.substr(end + 2, note.find('\n', end + 2) - end - 2);
  write("text", note.substr(0, end + 1));
  write("signature", decoded(line.substr(line.rfind(' ') + 1), 4));
  // RFC 8410's SubjectPublicKeyInfo of Ed25519 around the key. A vkey's base64 may hold a '+'.
  const std::size_t key = verifier_key.find('+', verifier_key.find('+') + 1) + 1;
  const char head[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
  write("key.der", std::string(head, sizeof(head) - 1) + decoded(verifier_key.substr(key), 1));
  return RunProgram({"openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER",
                     "-inkey", directory.File("key.der"), "-in", directory.File("text"), "-sigfile",
                     directory.File("signature")});
}

BookVerdict VerifyByTheBook(const std::string& subject, const std::string& document) {
  const TempDir directory;
  std::ofstream(directory.File("document"), std::ios::binary) << document;
  return RunProgram({"node", BY_THE_BOOK, subject, directory.File("document")});
}

}  // namespace marginalia
