#include "services/rpc/client/token_file.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

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

}  // namespace marginalia
