#include "services/identity/token_verifier.h"

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "services/cache/lru.h"
#include "services/errors/errors.h"
#include "services/identity/jwks.h"
#include "services/identity/jwt.h"
#include "services/process/file_watch.h"
#include "services/process/log.h"

extern "C" {
#include <rhonabwy.h>
}

namespace marginalia {
namespace {

// A token of the largest size, kept ten thousand times, would fill the memory.
constexpr std::size_t kVerifiedBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kRefusedBytesMax = 16 * 1024 * 1024;
// What a caller and the reason of a refusal take, about.
constexpr std::size_t kVerifiedBytes = 256;
constexpr std::size_t kRefusalBytes = 512;

// For the look at the files that an unknown key makes. Files that hang hold up nobody else, and
// this one call for so long.
constexpr absl::Duration kUnknownKeyWaitMax = absl::Seconds(1);

using Verified = std::shared_ptr<const VerifiedToken>;

struct RememberedRefusal {
  absl::Status why;
  SteadyTime until;
};

absl::Status Invalid(std::string_view why) {
  return Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                 "the bearer token " + std::string(why) +
                     "; get a new one and send it as "
                     "\"authorization: Bearer <token>\"");
}

class JwksTokenVerifier : public TokenVerifier {
 public:
  JwksTokenVerifier(TokenVerifierOptions options, std::vector<FileStamp> stamp, KeySet keys)
      : options_(std::move(options)),
        keys_(std::make_shared<const KeySet>(std::move(keys))),
        watch_([path = options_.jwks_path] { return StampsOfKeys(path); }, std::move(stamp),
               [this] { return ReadAgain(); }) {}

  std::optional<absl::StatusOr<Verified>> Known(std::string_view token) override {
    if (const auto verified = verified_.Find(token); verified.has_value()) {
      if ((*verified)->expires > options_.clock()) return *verified;
    }
    const auto refused = refused_.Find(token);
    if (refused.has_value() && options_.steady_clock() < refused->until) return refused->why;
    return std::nullopt;
  }

  absl::StatusOr<Verified> Verify(std::string_view token) override {
    if (auto known = Known(token); known.has_value()) return *std::move(known);
    if (token.size() > kTokenBytesMax) return Invalid("is longer than 8 KiB");
    const absl::StatusOr<JwtHeader> header = ReadJwtHeader(token);
    if (!header.ok()) return Invalid(std::string(header.status().message()));
    const std::shared_ptr<const KeySet> keys = KeysWith(header->kid);
    absl::StatusOr<VerifiedToken> checked = Check(token, *header, *keys);
    const std::lock_guard lock(mutex_);
    // What was found out with keys that have just been replaced must not outlive them.
    const bool remember = keys == keys_;
    if (!checked.ok()) {
      const absl::Status why = Invalid(std::string(checked.status().message()));
      if (remember) {
        const SteadyTime until = options_.steady_clock() + kRefusalRemembered;
        refused_.Insert(token, {why, until}, kRefusalBytes);
      }
      return why;
    }
    auto verified = std::make_shared<const VerifiedToken>(*std::move(checked));
    if (remember) verified_.Insert(token, verified, kVerifiedBytes);
    return Verified(verified);
  }

 private:
  absl::StatusOr<VerifiedToken> Check(std::string_view token, const JwtHeader& header,
                                      const KeySet& keys) const {
    const auto key = keys.find(header.kid);
    if (key == keys.end()) return absl::UnauthenticatedError("is signed with an unknown key");
    if (key->second.algorithm != header.algorithm) {
      return absl::UnauthenticatedError("is signed with an algorithm that its key is not for");
    }
    if (absl::Status good = CheckJwtSignature(token, key->second); !good.ok()) return good;
    return ReadJwtClaims(token, options_.issuer, options_.audience, options_.clock());
  }

  // The keys, after a look at the files when `kid` is unknown and that was not tried within the
  // last minute.
  std::shared_ptr<const KeySet> KeysWith(std::string_view kid) {
    {
      const std::lock_guard lock(mutex_);
      const SteadyTime now = options_.steady_clock();
      if (keys_->find(kid) != keys_->end() || now < next_forced_look_) return keys_;
      next_forced_look_ = now + kKeyReloadIntervalMin;
    }
    watch_.LookNow(kUnknownKeyWaitMax);
    const std::lock_guard lock(mutex_);
    return keys_;
  }

  // On the watch's thread. Unreadable keys leave the old ones in force: a file may be half written.
  bool ReadAgain() {
    absl::StatusOr<KeySet> read = ReadKeys(options_.jwks_path);
    if (!read.ok()) {
      Log(Severity::kError, "the keys for tokens cannot be read again; the old ones stay in force",
          {{"error", std::string(read.status().message())}});
      return false;
    }
    auto keys = std::make_shared<const KeySet>(*std::move(read));
    const auto count = static_cast<std::int64_t>(keys->size());
    {
      const std::lock_guard lock(mutex_);
      keys_ = std::move(keys);
      verified_.Clear();
      refused_.Clear();
    }
    Log(Severity::kInfo, "the keys for tokens were read again", {{"keys", count}});
    return true;
  }

  const TokenVerifierOptions options_;
  Lru<Verified> verified_{{.entries_max = kVerifiedTokensMax, .bytes_max = kVerifiedBytesMax}};
  Lru<RememberedRefusal> refused_{
      {.entries_max = kRefusedTokensMax, .bytes_max = kRefusedBytesMax}};
  std::mutex mutex_;
  std::shared_ptr<const KeySet> keys_;  // guarded by mutex_
  SteadyTime next_forced_look_;         // guarded by mutex_
  FileWatch watch_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::Create(TokenVerifierOptions options) {
  static const bool library_ready = r_global_init() == RHN_OK;
  if (!library_ready) return absl::InternalError("the JWT library cannot start");
  if (options.jwks_path.empty()) {
    return absl::InvalidArgumentError("no path to a JWKS file with public keys is given");
  }
  std::vector<FileStamp> stamp = StampsOfKeys(options.jwks_path);
  absl::StatusOr<KeySet> keys = ReadKeys(options.jwks_path);
  if (!keys.ok()) return keys.status();
  return std::make_unique<JwksTokenVerifier>(std::move(options), std::move(stamp),
                                             *std::move(keys));
}

}  // namespace marginalia
