// Notes that are signed with Ed25519, and the keys that verify them, as C2SP's signed-note
// describes them (https://c2sp.org/signed-note). Values and pure functions, thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_SIGNED_NOTE_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_SIGNED_NOTE_H_

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace marginalia {

// Keys that one file may hold: the one in use and, for a while, the one that replaces it or that it
// replaced.
inline constexpr std::size_t kSigningKeysMax = 4;
inline constexpr std::size_t kNoteBytesMax = 64 * 1024;
inline constexpr std::size_t kNoteSignaturesMax = 16;
inline constexpr std::size_t kPublicKeyBytes = 32;

// Whoever has it can verify notes: a name, and the public key that goes by it.
class VerifierKey {
 public:
  VerifierKey(std::string name, std::string public_key);

  // NAME+ID+KEY. INVALID_ARGUMENT when `text` is none, or of another kind than Ed25519.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);
  std::string Text() const;

  const std::string& name() const { return name_; }
  std::uint32_t id() const { return id_; }
  bool Verifies(std::string_view text, std::string_view signature) const;

 private:
  std::string name_;
  std::string public_key_;  // kPublicKeyBytes
  std::uint32_t id_ = 0;
};

// The keys of a file, one a line; white space around a line and empty lines do not count.
// INVALID_ARGUMENT when a line is no key, or when there is none.
absl::StatusOr<std::vector<VerifierKey>> ParseVerifierKeys(std::string_view text);

// The private half.
class SigningKey {
 public:
  static SigningKey Make();
  // From 1 to kSigningKeysMax private keys in PEM, one after the other. INVALID_ARGUMENT when
  // `pem` holds none, too many, or one of another kind than Ed25519.
  static absl::StatusOr<std::vector<SigningKey>> FromPem(const std::string& pem);

  // PKCS #8, not encrypted.
  std::string Pem() const;
  VerifierKey Verifier(std::string name) const;
  std::string Sign(std::string_view text) const;

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  std::shared_ptr<EVP_PKEY> key_;
};

// A note as read: what was signed, and the signature lines as they stand.
struct Note {
  // With its last line's end, without the blank line.
  std::string text;
  struct Signature {
    std::string name;
    std::uint32_t key_id = 0;
    std::string bytes;
  };
  std::vector<Signature> signatures;
};

// Signs `text`, which ends with a line's end, by each of the keys under `name`.
std::string SignNote(std::string text, const std::string& name, std::span<const SigningKey> keys);

// INVALID_ARGUMENT, with what is wrong with it, when `note` is none.
absl::StatusOr<Note> ParseNote(std::string_view note);

// The text of a note that at least one of the keys has signed. DATA_LOSS when a signature of a
// known key does not fit, or when there is none of a known key.
absl::StatusOr<std::string> OpenNote(std::string_view note, std::span<const VerifierKey> keys);

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_SIGNED_NOTE_H_
