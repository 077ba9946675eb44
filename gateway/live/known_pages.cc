#include "gateway/live/known_pages.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

// Beside the body: headers, tag and the value itself.
constexpr std::size_t kResponseBytes = 768;

std::string KeyOf(const PageAsked& asked) {
  // The sizes come first: no two questions have the same key, whatever callers put into them.
  std::string key = absl::StrCat(asked.limit, " ", static_cast<int>(asked.coding), " ",
                                 asked.invoice_id.size(), " ", asked.cursor.size(), " ");
  key += TenantKey(asked.org_id, asked.invoice_id);
  key += asked.cursor;
  return key;
}

}  // namespace

std::shared_ptr<const HttpResponse> KnownPages::Find(const PageAsked& asked,
                                                     const ThreadVersions::Version& version) {
  const std::optional<Page> page = pages_.Find(KeyOf(asked));
  if (!page || page->version != version) return nullptr;
  found_.fetch_add(1, std::memory_order_relaxed);
  return page->response;
}

std::uint64_t KnownPages::Generation(const PageAsked& asked) {
  return pages_.Generation(KeyOf(asked));
}

void KnownPages::Learn(const PageAsked& asked, const ThreadVersions::Version& version,
                       HttpResponse page, std::uint64_t generation) {
  const std::string key = KeyOf(asked);
  const std::size_t bytes = page.body.size() + kResponseBytes;
  pages_.Insert(key, {version, std::make_shared<const HttpResponse>(std::move(page))}, bytes,
                generation);
}

}  // namespace marginalia
