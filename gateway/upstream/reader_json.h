// What readers have read, and who can be mentioned, as JSON. Pure functions, thread-safe.
#ifndef MARGINALIA_GATEWAY_UPSTREAM_READER_JSON_H_
#define MARGINALIA_GATEWAY_UPSTREAM_READER_JSON_H_

#include <string>

#include "marginalia/comments/v1/comments_service.pb.h"

namespace marginalia {

// {invoiceId, readSequence, newestSequence, unreadCount, mentioned}
std::string ToJson(const comments::v1::ReadState& state);
// {readState}
std::string ToJson(const comments::v1::MarkThreadReadResponse& marked);
// {people}
std::string ToJson(const comments::v1::SearchAuthorsResponse& found);

// The state as an element of an array, and what is unread as members of an object.
void AppendReadState(std::string& json, const comments::v1::ReadState& state);
void AppendUnread(std::string& json, const comments::v1::ReadState& state);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_UPSTREAM_READER_JSON_H_
