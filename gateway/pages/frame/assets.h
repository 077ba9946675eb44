// The files that pages refer to, built from gateway/web and held in the binary. Immutable,
// thread-safe. Defined in assets.cc, which gateway/web/build.mjs writes into the build folder.
#ifndef MARGINALIA_GATEWAY_PAGES_FRAME_ASSETS_H_
#define MARGINALIA_GATEWAY_PAGES_FRAME_ASSETS_H_

#include <string_view>
#include <vector>

namespace marginalia {

struct Asset {
  // Such as "/assets/leaf-3F2A91BC.js": changes with the content.
  std::string_view path;
  std::string_view content_type;
  // The same content in three codings.
  std::string_view identity;
  std::string_view gzip;
  std::string_view brotli;
};

const std::vector<Asset>& Assets();

// The path of the asset that is built from `name` ("leaf.js", "page.css", "icon.svg"); empty when
// there is none.
std::string_view AssetPath(std::string_view name);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_FRAME_ASSETS_H_
