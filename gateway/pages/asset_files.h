// Serves the files that pages refer to. Their names change with their content, so a browser keeps
// them for good. Called on the io thread.
#ifndef MARGINALIA_GATEWAY_PAGES_ASSET_FILES_H_
#define MARGINALIA_GATEWAY_PAGES_ASSET_FILES_H_

#include "gateway/http/gate/api_call.h"

namespace marginalia {

class AssetFiles {
 public:
  void Get(ApiCall call);
};

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_ASSET_FILES_H_
