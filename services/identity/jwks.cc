#include "services/identity/jwks.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>

extern "C" {
#include <rhonabwy.h>
}

namespace marginalia {
namespace {

namespace json = boost::json;

// RFC 7518, section 6. "k" is a shared secret.
constexpr std::array<const char*, 7> kPrivateMembers = {"d", "p", "q", "dp", "dq", "qi", "k"};
constexpr std::array<const char*, 7> kPublicMembers = {"kty", "crv", "x", "y", "n", "e", "kid"};

std::string_view TextOf(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// The algorithm that fits the key's type, or "" when there is none here.
std::string_view AlgorithmFor(const json::object& key) {
  const std::string_view type = TextOf(key, "kty");
  const std::string_view curve = TextOf(key, "crv");
  if (type == "EC" && curve == "P-256") return "ES256";
  if (type == "OKP" && curve == "Ed25519") return "EdDSA";
  if (type == "RSA") return "RS256";
  return "";
}

bool HasPrivateParts(const json::object& key) {
  return std::any_of(kPrivateMembers.begin(), kPrivateMembers.end(),
                     [&key](const char* member) { return key.contains(member); });
}

std::string PublicPartsOf(const json::object& key) {
  json::object parts;
  for (const char* member : kPublicMembers) {
    if (const json::value* value = key.if_contains(member)) parts[member] = *value;
  }
  return json::serialize(parts);
}

// Whether the library can verify with the key, which is long enough.
bool IsUsable(const std::string& jwk, std::string_view algorithm) {
  jwk_t* made = nullptr;
  r_jwk_init(&made);
  const std::unique_ptr<jwk_t, void (*)(jwk_t*)> key(made, r_jwk_free);
  if (r_jwk_import_from_json_str(key.get(), jwk.c_str()) != RHN_OK) return false;
  unsigned int bits = 0;
  const int type = r_jwk_key_type(key.get(), &bits, R_FLAG_IGNORE_REMOTE);
  if ((type & R_KEY_TYPE_PUBLIC) == 0) return false;
  return algorithm != "RS256" || bits >= kRsaBitsMin;
}

absl::Status AddKey(const json::object& key, const std::string& path, KeySet& keys) {
  if (HasPrivateParts(key)) {
    return absl::FailedPreconditionError(
        path + " holds a private or symmetric key; give the services public keys only");
  }
  const std::string kid(TextOf(key, "kid"));
  const std::string_view algorithm = AlgorithmFor(key);
  const std::string_view stated = TextOf(key, "alg");
  const std::string_view use = TextOf(key, "use");
  if (kid.empty() || algorithm.empty() || (!stated.empty() && stated != algorithm) ||
      (!use.empty() && use != "sig")) {
    return absl::OkStatus();
  }
  PublicKey usable{std::string(algorithm), PublicPartsOf(key), nullptr};
  usable.key = VerificationKey::FromJwk(usable.jwk, algorithm);
  if (usable.key == nullptr || !IsUsable(usable.jwk, algorithm)) {
    return absl::FailedPreconditionError(path + ": the key \"" + kid + "\" is no valid " +
                                         std::string(algorithm) +
                                         " public key (RSA keys need at least 2048 bits)");
  }
  if (!keys.emplace(kid, std::move(usable)).second) {
    return absl::FailedPreconditionError(path + ": the key id \"" + kid + "\" is there twice");
  }
  return absl::OkStatus();
}

absl::Status AddFile(const std::string& path, KeySet& keys) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kJwksBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad() || text.empty()) return absl::NotFoundError("cannot read keys from " + path);
  if (text.size() > kJwksBytesMax) return absl::FailedPreconditionError(path + " is too large");
  json::error_code error;
  const json::value value = json::parse(text, error);
  const json::value* list =
      error || !value.is_object() ? nullptr : value.get_object().if_contains("keys");
  if (list == nullptr || !list->is_array()) {
    return absl::FailedPreconditionError(path + " is no JWKS: it must be {\"keys\": […]}");
  }
  for (const json::value& key : list->get_array()) {
    if (!key.is_object()) {
      return absl::FailedPreconditionError(path + " is no JWKS: each key must be an object");
    }
    if (const absl::Status added = AddKey(key.get_object(), path, keys); !added.ok()) return added;
  }
  return absl::OkStatus();
}

std::vector<std::string> FilesAt(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  // By hand, since a loop over it would throw when the volume fails half way.
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator entry(path, error); !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".json") files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

absl::StatusOr<KeySet> ReadKeys(const std::string& path) {
  KeySet keys;
  for (const std::string& file : FilesAt(path)) {
    if (const absl::Status added = AddFile(file, keys); !added.ok()) return added;
  }
  if (keys.empty()) {
    return absl::FailedPreconditionError(
        path + " holds no usable key: ES256, RS256 or EdDSA public keys with a \"kid\" are needed");
  }
  return keys;
}

std::vector<FileStamp> StampsOfKeys(const std::string& path) { return StampsOf(FilesAt(path)); }

}  // namespace marginalia
