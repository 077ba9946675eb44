#include "gateway/upstream/http_fields.h"

#include <string_view>
#include <utility>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr std::pair<std::string_view, std::string_view> kFieldNames[] = {
    {"comment_id", "id"},
    {"change_id", "changeId"},
    {"comment.comment_id", "comment.id"},
    {"etag", "If-Match"},
    {"invoice_id", "invoiceId"},
    {"page_size", "limit"},
    {"page_token", "cursor"},
    {"around_comment_id", "around"},
    {"after_token", "Last-Event-ID"},
    {"consistency.at_least_as_fresh", "consistency"},
    {"at_least_as_fresh", "consistency"},
};

std::string_view HttpFieldName(std::string_view field) {
  for (const auto& [contract, http] : kFieldNames) {
    if (contract == field) return http;
  }
  return field;
}

}  // namespace

absl::Status WithHttpFieldNames(absl::Status status) {
  return WithFieldNames(std::move(status), HttpFieldName);
}

}  // namespace marginalia
