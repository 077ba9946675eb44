#include "services/tokens/token_keys.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/process/file_watch.h"
#include "services/process/log.h"
#include "services/text/framed_hash.h"

namespace marginalia {
namespace {

constexpr std::size_t kKeyDigits = 64;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

// Of one key one for each use.
std::string DerivedKey(std::string_view use, std::string_view key) {
  std::string all(use);
  AppendFramed(all, key);
  return std::string(BytesOf(Sha256Of(all)));
}

// What one thread works with for one key: nothing is set up or looked up again for a token.
class Cipher {
 public:
  explicit Cipher(std::string_view key)
      : nonce_key_(DerivedKey("marginalia token nonce", key)),
        encrypt_(EVP_CIPHER_CTX_new()),
        decrypt_(EVP_CIPHER_CTX_new()) {
    const std::string own = DerivedKey("marginalia token cipher", key);
    Must(EVP_EncryptInit_ex2(encrypt_.get(), Algorithm(), Bytes(own), nullptr, nullptr));
    Must(EVP_DecryptInit_ex2(decrypt_.get(), Algorithm(), Bytes(own), nullptr, nullptr));
  }

  std::string Encrypt(std::string_view plain, std::string_view bound, std::string_view salt) {
    std::string sealed = NonceFor(plain, bound, salt);
    sealed.resize(kNonceBytes + plain.size() + kTagBytes);
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    EVP_CIPHER_CTX* const context = encrypt_.get();
    int size = 0;
    Must(EVP_EncryptInit_ex2(context, nullptr, nullptr, out, nullptr));
    Must(EVP_EncryptUpdate(context, nullptr, &size, Bytes(bound), Size(bound)));
    Must(EVP_EncryptUpdate(context, out + kNonceBytes, &size, Bytes(plain), Size(plain)));
    Must(EVP_EncryptFinal_ex(context, out + kNonceBytes + plain.size(), &size));
    Must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                             out + kNonceBytes + plain.size()));
    return sealed;
  }

  std::optional<std::string> Decrypt(std::string_view sealed, std::string_view bound) {
    const std::string_view text =
        sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    std::string plain(text.size(), '\0');
    auto* const out = reinterpret_cast<unsigned char*>(plain.data());
    EVP_CIPHER_CTX* const context = decrypt_.get();
    int size = 0;
    Must(EVP_DecryptInit_ex2(context, nullptr, nullptr, Bytes(sealed), nullptr));
    Must(EVP_DecryptUpdate(context, nullptr, &size, Bytes(bound), Size(bound)));
    Must(EVP_DecryptUpdate(context, out, &size, Bytes(text), Size(text)));
    Must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()));
    if (EVP_DecryptFinal_ex(context, out + text.size(), &size) != 1) return std::nullopt;
    return plain;
  }

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

  static const EVP_CIPHER* Algorithm() {
    static const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    return cipher;
  }
  // Encrypting cannot fail; a library without the cipher leaves nothing sensible to do.
  static void Must(int done) {
    if (done != 1) std::abort();
  }
  static const unsigned char* Bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  static int Size(std::string_view text) { return static_cast<int>(text.size()); }

  std::string NonceFor(std::string_view plain, std::string_view bound,
                       std::string_view salt) const {
    thread_local std::string all;
    all.clear();
    for (const std::string_view piece : {std::string_view(nonce_key_), plain, bound, salt}) {
      AppendFramed(all, piece);
    }
    return std::string(BytesOf(Sha256Of(all)).substr(0, kNonceBytes));
  }

  std::string nonce_key_;
  Context encrypt_;
  Context decrypt_;
};

class TokenKeyFile {
 public:
  static TokenKeyFile& Get() {
    static auto* file = new TokenKeyFile;
    return *file;
  }

  absl::Status Use(const std::string& path) {
    std::vector<FileStamp> stamp = StampsOf({path});
    absl::StatusOr<std::vector<std::string>> keys = std::vector<std::string>();
    if (!path.empty()) keys = ReadTokenKeys(path);
    if (!keys.ok()) return keys.status();
    // That of the file before, if there was one, must not bring its keys back.
    watch_.reset();
    Replace(*std::move(keys));
    if (!path.empty()) {
      watch_ = std::make_unique<FileWatch>(std::vector<std::string>{path}, std::move(stamp),
                                           [this, path] {
                                             ReadAgain(path);
                                             // What is wrong with a file is said once.
                                             return true;
                                           });
    }
    return absl::OkStatus();
  }

  bool HasKeys() const { return has_keys_.load(std::memory_order_relaxed); }

  // Those of the calling thread.
  std::vector<Cipher>& Ciphers() {
    struct OfThread {
      std::uint64_t generation = 0;
      std::vector<Cipher> ciphers;
    };
    thread_local OfThread mine;
    if (mine.generation != generation_.load(std::memory_order_acquire)) {
      const std::lock_guard lock(mutex_);
      mine.generation = generation_.load(std::memory_order_relaxed);
      mine.ciphers.clear();
      for (const std::string& key : keys_) mine.ciphers.emplace_back(key);
    }
    return mine.ciphers;
  }

 private:
  void Replace(std::vector<std::string> keys) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
    has_keys_.store(!keys_.empty(), std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
  }

  // On the watch's thread.
  void ReadAgain(const std::string& path) {
    absl::StatusOr<std::vector<std::string>> keys = ReadTokenKeys(path);
    if (keys.ok()) {
      const auto count = static_cast<std::int64_t>(keys->size());
      Replace(*std::move(keys));
      Log(Severity::kInfo, "the keys that tokens are sealed with were read again",
          {{"keys", count}});
      return;
    }
    Log(Severity::kError,
        "the keys that tokens are sealed with cannot be read again; the old ones stay in force",
        {{"error", std::string(keys.status().message())}});
  }

  std::mutex mutex_;
  std::vector<std::string> keys_;  // guarded by mutex_
  std::atomic<bool> has_keys_ = false;
  std::atomic<std::uint64_t> generation_ = 1;
  std::unique_ptr<FileWatch> watch_;  // Use's
};

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadTokenKeys(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return absl::NotFoundError("cannot read keys from " + path);
  if ((info.st_mode & S_IRWXO) != 0) {
    return absl::FailedPreconditionError(path +
                                         " can be read by anybody: give it the mode 0600 or 0640");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((kKeyDigits + 2) * kTokenKeysMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  absl::StripTrailingAsciiWhitespace(&text);
  std::vector<std::string> keys;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view digits = absl::StripAsciiWhitespace(line);
    const bool good = digits.size() == kKeyDigits &&
                      std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit);
    if (!good || keys.size() == kTokenKeysMax) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " must hold 1 to ", kTokenKeysMax,
                       " lines of 64 hexadecimal digits each: openssl rand -hex 32 makes one"));
    }
    keys.push_back(absl::HexStringToBytes(digits));
  }
  return keys;
}

absl::Status UseTokenKeys(const std::string& path) { return TokenKeyFile::Get().Use(path); }

bool HasTokenKeys() { return TokenKeyFile::Get().HasKeys(); }

std::string EncryptToken(std::string_view plain, std::string_view bound, std::string_view salt) {
  return TokenKeyFile::Get().Ciphers().front().Encrypt(plain, bound, salt);
}

std::optional<std::string> DecryptToken(std::string_view sealed, std::string_view bound) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  for (Cipher& cipher : TokenKeyFile::Get().Ciphers()) {
    if (auto plain = cipher.Decrypt(sealed, bound)) return plain;
  }
  return std::nullopt;
}

}  // namespace marginalia
