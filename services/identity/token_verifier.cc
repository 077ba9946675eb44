#include "services/identity/token_verifier.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/errors/errors.h"
#include "services/identity/jwks.h"
#include "services/identity/jwt.h"
#include "services/process/log.h"

extern "C" {
#include <rhonabwy.h>
}

namespace marginalia {
namespace {

// A token of the largest size, kept ten thousand times, would fill the memory.
constexpr std::size_t kVerifiedBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kShards = 16;
constexpr absl::Duration kFileCheckInterval = absl::Seconds(1);

using Verified = std::shared_ptr<const VerifiedToken>;

// Tokens found good, by their text. Bounded in number and bytes; the shards keep threads apart.
class VerifiedTokens {
 public:
  Verified Find(std::string_view token, absl::Time now) {
    Shard& shard = ShardOf(token);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.tokens.find(absl::string_view(token.data(), token.size()));
    if (found == shard.tokens.end()) return nullptr;
    if (found->second->expires > now) return found->second;
    shard.Erase(found);
    return nullptr;
  }

  void Add(std::string_view token, Verified verified, absl::Time now) {
    Shard& shard = ShardOf(token);
    const std::lock_guard lock(shard.mutex);
    if (shard.IsFullFor(token)) shard.EraseExpired(now);
    while (shard.IsFullFor(token)) shard.Erase(shard.tokens.begin());
    if (shard.tokens.try_emplace(std::string(token), std::move(verified)).second) {
      shard.bytes += token.size();
    }
  }

  void Clear() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      shard.tokens.clear();
      shard.bytes = 0;
    }
  }

 private:
  using Map = absl::flat_hash_map<std::string, Verified>;

  struct Shard {
    std::mutex mutex;
    Map tokens;
    std::size_t bytes = 0;

    bool IsFullFor(std::string_view token) const {
      return !tokens.empty() && (tokens.size() >= kVerifiedTokensMax / kShards ||
                                 bytes + token.size() > kVerifiedBytesMax / kShards);
    }
    void Erase(Map::iterator which) {
      bytes -= which->first.size();
      tokens.erase(which);
    }
    void EraseExpired(absl::Time now) {
      for (auto each = tokens.begin(); each != tokens.end();) {
        const auto next = std::next(each);
        if (each->second->expires <= now) Erase(each);
        each = next;
      }
    }
  };

  // The end of a token is its signature, as good as random.
  Shard& ShardOf(std::string_view token) {
    const std::size_t tail = token.size() > 8 ? token.size() - 8 : 0;
    return shards_[std::hash<std::string_view>()(token.substr(tail)) % kShards];
  }

  std::array<Shard, kShards> shards_;
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
        stamp_(std::move(stamp)),
        keys_(std::make_shared<const KeySet>(std::move(keys))),
        next_check_nanos_((options_.steady_clock() + kFileCheckInterval).Nanos()) {}

  absl::StatusOr<Verified> Verify(std::string_view token) override {
    const absl::Time now = options_.clock();
    ReloadIfChanged();
    if (Verified known = verified_.Find(token, now)) return known;
    if (token.size() > kTokenBytesMax) return Invalid("is longer than 8 KiB");
    const absl::StatusOr<JwtHeader> header = ReadJwtHeader(token);
    if (!header.ok()) return Invalid(std::string(header.status().message()));
    const std::shared_ptr<const KeySet> keys = KeysWith(header->kid);
    const auto key = keys->find(header->kid);
    if (key == keys->end()) return Invalid("is signed with an unknown key");
    if (key->second.algorithm != header->algorithm) {
      return Invalid("is signed with an algorithm that its key is not for");
    }
    if (const absl::Status good = CheckJwtSignature(token, key->second); !good.ok()) {
      return Invalid(std::string(good.message()));
    }
    absl::StatusOr<VerifiedToken> claims =
        ReadJwtClaims(token, options_.issuer, options_.audience, now);
    if (!claims.ok()) return Invalid(std::string(claims.status().message()));
    auto verified = std::make_shared<const VerifiedToken>(*std::move(claims));
    Remember(token, keys, verified, now);
    return Verified(verified);
  }

 private:
  void Remember(std::string_view token, const std::shared_ptr<const KeySet>& keys,
                const Verified& verified, absl::Time now) {
    const std::lock_guard lock(mutex_);
    // A token verified with keys that have just been replaced must not outlive them.
    if (keys == keys_) verified_.Add(token, verified, now);
  }

  // On every call, so that it must cost next to nothing until the interval has passed.
  void ReloadIfChanged() {
    const SteadyTime now = options_.steady_clock();
    std::int64_t due = next_check_nanos_.load(std::memory_order_relaxed);
    if (now.Nanos() < due) return;
    const std::int64_t next = (now + kFileCheckInterval).Nanos();
    if (!next_check_nanos_.compare_exchange_strong(due, next)) return;
    std::vector<FileStamp> stamp = StampOf(options_.jwks_path);
    const std::lock_guard lock(mutex_);
    if (stamp != stamp_) Reload(std::move(stamp));
  }

  // The keys, read anew when `kid` is unknown and that was not tried within the last minute.
  std::shared_ptr<const KeySet> KeysWith(std::string_view kid) {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = options_.steady_clock();
    if (keys_->find(kid) == keys_->end() && now >= next_forced_reload_) {
      next_forced_reload_ = now + kKeyReloadIntervalMin;
      Reload(StampOf(options_.jwks_path));
    }
    return keys_;
  }

  // With mutex_ held. Unreadable keys leave the old ones in force: a file may be half written.
  void Reload(std::vector<FileStamp> stamp) {
    absl::StatusOr<KeySet> keys = ReadKeys(options_.jwks_path);
    if (!keys.ok()) {
      const std::string why(keys.status().message());
      Log(Severity::kError, "the keys for tokens cannot be read again; the old ones stay in force",
          {{"error", std::string_view(why)}});
      return;
    }
    stamp_ = std::move(stamp);
    keys_ = std::make_shared<const KeySet>(*std::move(keys));
    verified_.Clear();
    Log(Severity::kInfo, "the keys for tokens were read again",
        {{"keys", static_cast<std::int64_t>(keys_->size())}});
  }

  const TokenVerifierOptions options_;
  VerifiedTokens verified_;
  std::mutex mutex_;
  std::vector<FileStamp> stamp_;
  std::shared_ptr<const KeySet> keys_;
  std::atomic<std::int64_t> next_check_nanos_;
  SteadyTime next_forced_reload_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::Create(TokenVerifierOptions options) {
  static const bool library_ready = r_global_init() == RHN_OK;
  if (!library_ready) return absl::InternalError("the JWT library cannot start");
  if (options.jwks_path.empty()) {
    return absl::InvalidArgumentError("no path to a JWKS file with public keys is given");
  }
  std::vector<FileStamp> stamp = StampOf(options.jwks_path);
  absl::StatusOr<KeySet> keys = ReadKeys(options.jwks_path);
  if (!keys.ok()) return keys.status();
  return std::make_unique<JwksTokenVerifier>(std::move(options), std::move(stamp),
                                             *std::move(keys));
}

}  // namespace marginalia
