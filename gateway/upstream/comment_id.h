// The id of a comment whose author did not choose one. Thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_COMMENT_ID_H_
#define MARGINALIA_GATEWAY_UPSTREAM_COMMENT_ID_H_

#include <string>

namespace marginalia {

// A fresh UUIDv7, as the services themselves would make one.
std::string NewCommentId();

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_COMMENT_ID_H_
