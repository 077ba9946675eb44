// What a thread and a part of it are called. Plain values.
#ifndef MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_THREAD_SPAN_H_
#define MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_THREAD_SPAN_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace marginalia {

// Not owned.
struct ThreadRef {
  std::string_view org_id;
  std::string_view invoice_id;
};

// Neighbours in a thread, by their sequences; both are 0 where there are none.
struct ThreadSpan {
  std::int64_t newest = 0;
  std::int64_t oldest = 0;

  bool empty() const { return newest == 0; }
  std::size_t size() const { return empty() ? 0 : static_cast<std::size_t>(newest - oldest) + 1; }
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_THREAD_STORE_THREAD_SPAN_H_
