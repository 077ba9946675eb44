#include "gateway/pages/asset_files.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "gateway/http/etag.h"
#include "gateway/pages/frame/assets.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr std::string_view kFolder = "/assets/";

const Asset* FindAsset(std::string_view name) {
  for (const Asset& asset : Assets()) {
    if (asset.path.substr(kFolder.size()) == name) return &asset;
  }
  return nullptr;
}

// Whether "br;q=0.5" or the like wants its coding at all.
bool IsWanted(absl::string_view parameters) {
  const std::size_t q = parameters.find("q=");
  double weight = 1;
  return q == parameters.npos || !absl::SimpleAtod(parameters.substr(q + 2), &weight) || weight > 0;
}

bool Accepts(std::string_view accept_encoding, absl::string_view coding) {
  while (!accept_encoding.empty()) {
    const std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const absl::string_view whole(item.data(), item.size());
    const absl::string_view name =
        absl::StripAsciiWhitespace(whole.substr(0, std::min(whole.size(), whole.find(';'))));
    if (absl::EqualsIgnoreCase(name, coding)) return IsWanted(whole.substr(name.size()));
  }
  return false;
}

}  // namespace

ContentCoding ChooseCoding(std::string_view accept_encoding) {
  if (Accepts(accept_encoding, "br")) return ContentCoding::kBrotli;
  return Accepts(accept_encoding, "gzip") ? ContentCoding::kGzip : ContentCoding::kIdentity;
}

void AssetFiles::Get(ApiCall call) {
  const Asset* asset = FindAsset(call.path_parameter(0));
  if (asset == nullptr) {
    return call.Fail(
        Refusal(absl::StatusCode::kNotFound, "PATH_NOT_FOUND", "there is nothing at this path"));
  }
  const ContentCoding coding = ChooseCoding(call.request().Header("accept-encoding"));
  const bool brotli = coding == ContentCoding::kBrotli;
  const bool gzip = coding == ContentCoding::kGzip;
  // The name says which content it is; each coding of it has a tag of its own.
  const std::string tag = '"' + std::string(asset->path.substr(kFolder.size())) +
                          (brotli ? "-br\""
                           : gzip ? "-gzip\""
                                  : "\"");
  HttpResponse response;
  response.headers =
      "Cache-Control: public, max-age=31536000, immutable\r\n"
      "Vary: Accept-Encoding\r\n"
      "ETag: " +
      tag + "\r\n";
  if (NamesTag(call.request(), tag)) {
    response.status = 304;
    return call.Answer(std::move(response));
  }
  response.content_type = asset->content_type;
  if (coding != ContentCoding::kIdentity) {
    response.headers += brotli ? "Content-Encoding: br\r\n" : "Content-Encoding: gzip\r\n";
  }
  response.body = brotli ? asset->brotli : gzip ? asset->gzip : asset->identity;
  call.Answer(std::move(response));
}

}  // namespace marginalia
