// Commitments: what the record says of a text without holding it. Who has text and salt can show
// that they were meant; once the salt is gone, nobody can find the text by trying. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_COMMITMENT_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_COMMITMENT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace marginalia {

inline constexpr std::size_t kSaltBytes = 16;

// kSaltBytes random bytes, from OpenSSL's generator. Ends the process when that has no entropy: a
// commitment with a salt that can be guessed gives the text away.
std::string NewSalt();

// SHA-256 of the salt's bytes and the text, as 64 hexadecimal digits in lower case.
std::string Commitment(std::string_view salt, std::string_view text);

// What is stored beside an entry: the salt of the name that it commits to and, where its reason has
// a commitment to another name, that one's behind it.
struct EntrySalts {
  std::string name;
  std::string reason;
};
EntrySalts EntrySaltsOf(std::string_view stored);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_COMMITMENT_H_
