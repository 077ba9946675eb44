// The C handles beneath SOCI's sessions, for the few things that SOCI has no word for.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_NATIVE_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_NATIVE_H_

#include <soci/soci.h>

// SOCI's header puts all of sqlite3.h into this namespace.
namespace sqlite_api {
struct sqlite3;
}
struct pg_conn;

namespace marginalia {

// Each valid only for a session of that database.
sqlite_api::sqlite3* NativeSqlite(soci::session& session);
pg_conn* NativePostgres(soci::session& session);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_NATIVE_H_
