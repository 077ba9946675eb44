// Numbers of comments as pages write them. Pure functions, thread-safe. gateway/web writes them the
// same way: both pass tests/gateway/page_text_vectors.json.
#ifndef MARGINALIA_GATEWAY_PAGES_VIEWS_COUNT_TEXT_H_
#define MARGINALIA_GATEWAY_PAGES_VIEWS_COUNT_TEXT_H_

#include <cstdint>
#include <string>

namespace marginalia {

// "1,234"; "-1,234" below zero.
std::string CountNumber(std::int64_t count);

// "No comments", "1 comment", "1,234 comments".
std::string CountWords(std::int64_t count);

// "3 unread", "99+ unread": of 100 nobody knows whether there are more.
std::string UnreadWords(std::int64_t count);

}  // namespace marginalia

#endif  // MARGINALIA_GATEWAY_PAGES_VIEWS_COUNT_TEXT_H_
