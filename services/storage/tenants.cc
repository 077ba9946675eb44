#include "services/storage/tenants.h"

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

// As a subquery the setting is read once for a statement, not once for each row. Without a setting
// it is null or, once the session has had one, empty: neither is a tenant.
std::string TenantPolicy(std::string_view table) {
  return absl::StrCat("{postgres_only}CREATE POLICY tenant ON ", std::string(table),
                      " USING (org_id = (SELECT nullif(current_setting('", kOrgSetting,
                      "', true), '')))");
}

std::string AllTenantsPolicy(std::string_view table) {
  return absl::StrCat("{postgres_only}CREATE POLICY all_tenants ON ", std::string(table),
                      " USING ((SELECT current_setting('", kAllTenantsSetting, "', true)) = 'on')");
}

}  // namespace

std::vector<std::string> TenantWall(std::initializer_list<std::string_view> tables) {
  std::vector<std::string> statements;
  for (const std::string_view table : tables) {
    const std::string alter = absl::StrCat("{postgres_only}ALTER TABLE ", std::string(table));
    statements.push_back(absl::StrCat(alter, " ENABLE ROW LEVEL SECURITY"));
    statements.push_back(absl::StrCat(alter, " FORCE ROW LEVEL SECURITY"));
    statements.push_back(TenantPolicy(table));
    statements.push_back(AllTenantsPolicy(table));
  }
  return statements;
}

}  // namespace marginalia
