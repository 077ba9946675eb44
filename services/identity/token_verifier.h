// Verifies JWT bearer tokens (RFC 7519) against the keys of a JWKS (RFC 7517). Thread-safe.
#ifndef MARGINALIA_SERVICES_IDENTITY_TOKEN_VERIFIER_H_
#define MARGINALIA_SERVICES_IDENTITY_TOKEN_VERIFIER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/identity/caller.h"
#include "services/process/stopwatch.h"

namespace marginalia {

// The issuer's clock may be ahead by this much: a token is taken so long before it is valid. One
// that has expired is refused at once.
inline constexpr absl::Duration kClockSkewMax = absl::Seconds(60);
// An unknown key id makes the verifier read its keys again, at most this often.
inline constexpr absl::Duration kKeyReloadIntervalMin = absl::Minutes(1);
inline constexpr std::size_t kVerifiedTokensMax = 10'000;
// A refused token is refused again without a look for so long.
inline constexpr absl::Duration kRefusalRemembered = absl::Seconds(10);
inline constexpr std::size_t kRefusedTokensMax = 10'000;
// How many verifications that fail a host may have. Many people may stand behind one address, such
// as a proxy's, and who is new waits for those that came before; one takes about 0.13 ms, so this
// is a twentieth of a core.
inline constexpr int kTokenFailuresPerSecond = 400;
inline constexpr std::size_t kTokenBytesMax = 8 * 1024;

struct TokenVerifierOptions {
  // A JWKS file, or a directory whose *.json files are JWKS. Read again when it changes.
  std::string jwks_path;
  // What the claim "iss" must be: one of these, which commas separate.
  std::string issuer;
  // One of these, which commas separate, the claim "aud" must be or contain.
  std::string audience;
  // The current time; a test may set its own.
  absl::AnyInvocable<absl::Time() const> clock = [] { return absl::Now(); };
  // When it is time to look at the keys again; a test may set its own.
  absl::AnyInvocable<SteadyTime() const> steady_clock = SteadyTime::Now;
};

// A caller and how long its token vouches for it.
struct VerifiedToken {
  Caller caller;
  // Claim "exp".
  absl::Time expires;
};

class TokenVerifier {
 public:
  // Fails, naming the path, when there is no usable public key.
  static absl::StatusOr<std::unique_ptr<TokenVerifier>> Create(TokenVerifierOptions options);

  virtual ~TokenVerifier() = default;

  // What is remembered of the token: whom it vouches for, or why it was refused within the last
  // kRefusalRemembered. Nothing: Verify finds out, which is work.
  virtual std::optional<absl::StatusOr<std::shared_ptr<const VerifiedToken>>> Known(
      std::string_view token) {
    return std::nullopt;
  }

  // Accepts ES256, RS256 and EdDSA signatures of a known `kid` only, and fetches nothing that a
  // token names. Errors: UNAUTHENTICATED, reason TOKEN_INVALID; the message says which check
  // failed, never what the token contains. Verified tokens are remembered until they expire,
  // refused ones for a moment.
  virtual absl::StatusOr<std::shared_ptr<const VerifiedToken>> Verify(std::string_view token) = 0;

  // Whether a caller without a token is to be refused, and not passed to Verify as "".
  virtual bool needs_token() const { return true; }
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_IDENTITY_TOKEN_VERIFIER_H_
