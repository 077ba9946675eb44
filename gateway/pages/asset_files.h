// Serves the files that pages refer to. Their names change with their content, so a browser keeps
// them for good. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_ASSET_FILES_H_
#define MARGINALIA_GATEWAY_PAGES_ASSET_FILES_H_

#include <string_view>

#include "gateway/http/api_call.h"

namespace marginalia {

class AssetFiles {
 public:
  void Get(ApiCall call);
};

enum class ContentCoding { kIdentity, kGzip, kBrotli };

// The smallest of the three that the value of Accept-Encoding allows (RFC 9110, 12.5.3).
ContentCoding ChooseCoding(std::string_view accept_encoding);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_ASSET_FILES_H_
