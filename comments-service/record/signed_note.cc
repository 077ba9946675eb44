#include "comments-service/record/signed_note.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "comments-service/record/digest.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

constexpr char kEd25519 = 1;
constexpr std::string_view kDash = "\u2014 ";
constexpr std::size_t kKeyIdBytes = 4;

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

// Of a key's name: there must be one, without a plus sign, and without what Unicode takes for
// white space.
bool IsKeyName(std::string_view name) {
  static constexpr std::string_view kSpaces[] = {"\u0085", "\u00A0", "\u1680", "\u2000", "\u2001",
                                                 "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                                 "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
                                                 "\u2029", "\u202F", "\u205F", "\u3000"};
  return !name.empty() && IsValidUtf8(name) &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c <= ' ' || c == '+' || c == 0x7F; }) &&
         std::none_of(std::begin(kSpaces), std::end(kSpaces),
                      [name](std::string_view space) { return name.find(space) != name.npos; });
}

std::string BigEndian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(number >> shift));
  return bytes;
}

std::uint32_t FromBigEndian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < kKeyIdBytes; ++i) {
    number = number << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return number;
}

std::shared_ptr<EVP_PKEY> Public(std::string_view bytes) {
  return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                      reinterpret_cast<const unsigned char*>(bytes.data()),
                                      bytes.size()),
          EVP_PKEY_free};
}

std::shared_ptr<EVP_MD_CTX> NewContext() { return {EVP_MD_CTX_new(), EVP_MD_CTX_free}; }

absl::Status NoKey(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("no verifier's key: ", Absl(why)));
}

absl::Status NoNote(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("no signed note: ", Absl(why)));
}

std::optional<Note::Signature> ParseSignature(std::string_view line) {
  if (line.substr(0, kDash.size()) != kDash) return std::nullopt;
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == line.npos || !IsKeyName(line.substr(0, space))) return std::nullopt;
  const std::optional<std::string> bytes = BytesFromBase64(line.substr(space + 1));
  if (!bytes.has_value() || bytes->size() <= kKeyIdBytes) return std::nullopt;
  return Note::Signature{.name = std::string(line.substr(0, space)),
                         .key_id = FromBigEndian(*bytes),
                         .bytes = bytes->substr(kKeyIdBytes)};
}

}  // namespace

VerifierKey::VerifierKey(std::string name, std::string public_key)
    : name_(std::move(name)), public_key_(std::move(public_key)) {
  const Digest digest = Sha256Of(absl::StrCat(name_, "\n", std::string(1, kEd25519), public_key_));
  id_ = FromBigEndian(BytesOf(digest));
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == text.npos ? first : text.find('+', first + 1);
  if (second == text.npos) return NoKey("it is not NAME+ID+KEY");
  const std::string_view name = text.substr(0, first);
  if (!IsKeyName(name)) return NoKey("its name is empty, or has white space in it");
  const std::optional<std::string> bytes = BytesFromBase64(text.substr(second + 1));
  if (!bytes.has_value()) return NoKey("what follows its id is not base64");
  if (bytes->size() != 1 + kPublicKeyBytes || bytes->front() != kEd25519) {
    return NoKey("it is of another kind than Ed25519");
  }
  VerifierKey key{std::string(name), bytes->substr(1)};
  if (text.substr(first + 1, second - first - 1) !=
      std::string_view(absl::StrCat(absl::Hex(key.id_, absl::kZeroPad8)))) {
    return NoKey("its id is not the one that its name and key make");
  }
  return key;
}

std::string VerifierKey::Text() const {
  return absl::StrCat(name_, "+", absl::Hex(id_, absl::kZeroPad8), "+",
                      Base64Of(std::string(1, kEd25519) + public_key_));
}

bool VerifierKey::Verifies(std::string_view text, std::string_view signature) const {
  const auto key = Public(public_key_);
  const auto context = NewContext();
  const bool fits =
      key != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) == 1;
  ERR_clear_error();
  return fits;
}

absl::StatusOr<std::vector<VerifierKey>> ParseVerifierKeys(std::string_view text) {
  std::vector<VerifierKey> keys;
  for (const absl::string_view each : absl::StrSplit(Absl(text), '\n')) {
    const absl::string_view line = absl::StripAsciiWhitespace(each);
    if (line.empty()) continue;
    absl::StatusOr<VerifierKey> key = VerifierKey::Parse({line.data(), line.size()});
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return NoKey("there is none");
  return keys;
}

SigningKey SigningKey::Make() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (key == nullptr) std::abort();  // no entropy
  return SigningKey(key);
}

absl::StatusOr<std::vector<SigningKey>> SigningKey::FromPem(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::vector<SigningKey> keys;
  // A password is never asked for on the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  while (EVP_PKEY* read = PEM_read_bio_PrivateKey(file.get(), nullptr, no_password, nullptr)) {
    keys.push_back(SigningKey(read));
    if (EVP_PKEY_get_id(read) != EVP_PKEY_ED25519) {
      return absl::InvalidArgumentError("it holds a key of another kind than Ed25519");
    }
    if (keys.size() > kSigningKeysMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("it holds more than ", kSigningKeysMax, " keys"));
    }
  }
  ERR_clear_error();
  // What cannot be read ends the reading like the end of the file.
  const std::vector<absl::string_view> blocks = absl::StrSplit(pem, "-----BEGIN ");
  if (keys.empty() || keys.size() + 1 != blocks.size()) {
    return absl::InvalidArgumentError("it does not hold private keys in PEM without a password");
  }
  return keys;
}

std::string SigningKey::Pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new(BIO_s_mem()), BIO_free);
  if (PEM_write_bio_PKCS8PrivateKey(file.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    std::abort();
  }
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(file.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

VerifierKey SigningKey::Verifier(std::string name) const {
  std::string bytes(kPublicKeyBytes, '\0');
  std::size_t size = bytes.size();
  EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
  return {std::move(name), std::move(bytes)};
}

std::string SigningKey::Sign(std::string_view text) const {
  const auto context = NewContext();
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  const bool is_signed =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  if (!is_signed) std::abort();  // no memory
  return signature;
}

std::string SignNote(std::string text, const std::string& name, std::span<const SigningKey> keys) {
  std::string note = text + "\n";
  for (const SigningKey& key : keys) {
    absl::StrAppend(&note, Absl(kDash), name, " ",
                    Base64Of(BigEndian(key.Verifier(name).id()) + key.Sign(text)), "\n");
  }
  return note;
}

absl::StatusOr<Note> ParseNote(std::string_view note) {
  if (note.size() > kNoteBytesMax) return NoNote("it is longer than 65536 bytes");
  if (!IsValidUtf8(note) ||
      std::any_of(note.begin(), note.end(), [](unsigned char c) { return c < ' ' && c != '\n'; })) {
    return NoNote("it is not text of lines in UTF-8");
  }
  const std::size_t blank = note.rfind("\n\n");
  if (blank == note.npos) return NoNote("no blank line separates text and signatures");
  Note parsed{.text = std::string(note.substr(0, blank + 1)), .signatures = {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos) return NoNote("its last line has no end");
    std::optional<Note::Signature> signature = ParseSignature(rest.substr(0, end));
    if (!signature.has_value()) return NoNote("a line of its signatures is none");
    parsed.signatures.push_back(*std::move(signature));
    if (parsed.signatures.size() > kNoteSignaturesMax) return NoNote("it has too many signatures");
    rest.remove_prefix(end + 1);
  }
  if (parsed.signatures.empty()) return NoNote("it has no signature");
  return parsed;
}

absl::StatusOr<std::string> OpenNote(std::string_view note, std::span<const VerifierKey> keys) {
  absl::StatusOr<Note> parsed = ParseNote(note);
  if (!parsed.ok()) return absl::DataLossError(parsed.status().message());
  bool verified = false;
  for (const Note::Signature& signature : parsed->signatures) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&signature](const VerifierKey& known) {
      return known.name() == signature.name && known.id() == signature.key_id;
    });
    if (key == keys.end()) continue;
    if (!key->Verifies(parsed->text, signature.bytes)) {
      return absl::DataLossError(
          absl::StrCat("the signature of ", signature.name, " does not fit the text"));
    }
    verified = true;
  }
  if (!verified) return absl::DataLossError("it is not signed by a key that is known");
  return std::move(parsed->text);
}

}  // namespace marginalia
