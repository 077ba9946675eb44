#include "services/rpc/client/token_file.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/text/base64url.h"

namespace marginalia {

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string token(kTokenFileBytesMax + 1, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(file.gcount()));
  const bool whole = token.size() <= kTokenFileBytesMax;
  absl::StripAsciiWhitespace(&token);
  const bool one = std::all_of(token.begin(), token.end(),
                               [](unsigned char c) { return absl::ascii_isgraph(c); });
  if (whole && one) return token;
  return absl::InvalidArgumentError(
      absl::StrCat(path, " holds no single token: write one JWT into it, and nothing else"));
}

std::optional<absl::Time> ExpiryOf(std::string_view token) {
  const std::size_t begin = token.find('.') + 1;
  const std::size_t end = token.find('.', begin);
  if (begin == 0 || end == token.npos) return std::nullopt;
  const std::optional<std::string> claims = DecodeBase64Url(token.substr(begin, end - begin));
  if (!claims) return std::nullopt;
  boost::json::error_code error;
  const boost::json::value read = boost::json::parse(*claims, error);
  const boost::json::object* object = error ? nullptr : read.if_object();
  const boost::json::value* expires = object == nullptr ? nullptr : object->if_contains("exp");
  if (expires == nullptr || !expires->is_number()) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(expires->to_number<double>());
}

}  // namespace marginalia
