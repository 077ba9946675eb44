#include "gateway/pages/asset_files.h"

#include <string>
#include <utility>

#include "gateway/http/content_coding.h"
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

}  // namespace

void AssetFiles::Get(ApiCall call) {
  const Asset* asset = FindAsset(call.path_parameter(0));
  if (asset == nullptr) {
    return call.Fail(
        Refusal(absl::StatusCode::kNotFound, "PATH_NOT_FOUND", "there is nothing at this path"));
  }
  HttpResponse response;
  response.headers =
      "Cache-Control: public, max-age=31536000, immutable\r\n"
      "Vary: Accept-Encoding\r\n";
  // The name says which content it is.
  response.tag = '"' + std::string(asset->path.substr(kFolder.size())) + '"';
  if (NamesTag(call.request(), response.tag)) {
    response.status = 304;
    return call.Answer(std::move(response));
  }
  response.content_type = asset->content_type;
  response.coding = ChooseCoding(call.request().Header("accept-encoding"));
  response.body = response.coding == ContentCoding::kBrotli ? asset->brotli
                  : response.coding == ContentCoding::kGzip ? asset->gzip
                                                            : asset->identity;
  call.Answer(std::move(response));
}

}  // namespace marginalia
