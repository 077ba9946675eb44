// The flags that several commands of marginalia-operator take, each defined once.
#ifndef MARGINALIA_DEPLOY_OPERATOR_SHARED_FLAGS_H_
#define MARGINALIA_DEPLOY_OPERATOR_SHARED_FLAGS_H_

#include <string>
#include <string_view>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/status/statusor.h"

ABSL_DECLARE_FLAG(std::string, database_url);
ABSL_DECLARE_FLAG(std::string, from);
ABSL_DECLARE_FLAG(std::string, to);
ABSL_DECLARE_FLAG(std::string, token_path);
ABSL_DECLARE_FLAG(std::string, keys_path);
ABSL_DECLARE_FLAG(std::string, comments_address);
ABSL_DECLARE_FLAG(std::string, invoices_address);

namespace marginalia {

// The path of the SQLite file that --database_url names. INVALID_ARGUMENT, saying what to use
// instead, for PostgreSQL, whose own tools copy it as a whole.
absl::StatusOr<std::string> SqlitePathFromFlags();

// The flag's value. INVALID_ARGUMENT when it is empty.
absl::StatusOr<std::string> Required(std::string_view name, const absl::Flag<std::string>& flag);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_SHARED_FLAGS_H_
