// Whose rows a transaction may touch. Every statement names its tenant by itself; on PostgreSQL
// row-level security is a second wall behind that: a transaction declares its tenants, and a
// statement that forgot to name them finds no other tenant's rows and cannot change any. New rows
// are written for all tenants of a group at once (RowInsert), each under the tenant that it names.
// SQLite has no such thing, and the declaration costs nothing there. Plain values.
//
// The wall is there against mistakes of this program, not against someone who can run SQL of his
// own on its connection: he could declare what he likes.
#ifndef MARGINALIA_SERVICES_STORAGE_TENANTS_H_
#define MARGINALIA_SERVICES_STORAGE_TENANTS_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace marginalia {

class Tenants {
 public:
  // No tenant's rows: only tables that belong to none.
  Tenants() = default;
  static Tenants One(std::string_view org_id) { return Tenants(std::string(org_id), false); }
  // For what works for all of them at once: the event log, the thread counts, the projection.
  static Tenants All() { return Tenants("", true); }

  // Empty: none, or all.
  const std::string& org_id() const { return org_id_; }
  bool all() const { return all_; }

  friend bool operator==(const Tenants&, const Tenants&) = default;

 private:
  Tenants(std::string org_id, bool all) : org_id_(std::move(org_id)), all_(all) {}

  std::string org_id_;
  bool all_ = false;
};

// The settings of a PostgreSQL transaction that its policies read.
inline constexpr char kOrgSetting[] = "marginalia.org_id";
inline constexpr char kAllTenantsSetting[] = "marginalia.all_tenants";

// The statements of a migration that put the wall around these tables, which have a column org_id.
// The owner of a table is held back as well; superusers and roles with BYPASSRLS are not.
std::vector<std::string> TenantWall(std::initializer_list<std::string_view> tables);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_TENANTS_H_
