// The verifier that shares nothing with the code under test: tests/record/by_the_book.mjs.
#ifndef MARGINALIA_TESTS_RECORD_BY_THE_BOOK_H_
#define MARGINALIA_TESTS_RECORD_BY_THE_BOOK_H_

#include <string>
#include <vector>

namespace marginalia {

struct BookVerdict {
  int exit_code = -1;
  // What was verified, or what fails.
  std::string said;
};

// Lets it verify `document`, which is as by_the_book.mjs describes for `subject`.
BookVerdict VerifyByTheBook(const std::string& subject, const std::string& document);

// Runs a program, found by PATH, to its end.
BookVerdict RunProgram(std::vector<std::string> arguments);

// Lets OpenSSL's command line verify the first signature of a signed note by the key NAME+ID+KEY
// (https://c2sp.org/signed-note), both taken apart here and not by the code under test.
BookVerdict VerifyNoteByOpenSsl(const std::string& note, const std::string& verifier_key);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_RECORD_BY_THE_BOOK_H_
