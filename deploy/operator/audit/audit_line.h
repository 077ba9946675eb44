// One audit entry as a line of JSON: the fields of ListAuditEntries by their names, each once and
// in their order, so that an entry is written in one way only. A line of format 2 begins with that
// number. Pure functions.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_LINE_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_LINE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "comments-service/record/audit_entry.h"

namespace marginalia {

// Several times what the longest entry comes to.
inline constexpr std::size_t kAuditLineBytesMax = 64 * 1024;

// Without the line's end.
std::string AuditLine(const AuditEntry& entry);

// DATA_LOSS, with what is wrong with it, when `line` is not what AuditLine writes.
absl::StatusOr<AuditEntry> ParseAuditLine(std::string_view line);

// Whether `hash` is 64 hexadecimal digits in lower case.
bool IsAuditHash(std::string_view hash);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_LINE_H_
