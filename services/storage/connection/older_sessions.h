// How the sessions of this version are told from those of the versions before, which go on while
// replicas are replaced one by one.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_OLDER_SESSIONS_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_OLDER_SESSIONS_H_

#include "services/storage/connection/connection.h"

namespace marginalia {

// The application_name of each session on PostgreSQL. Its number is raised by a version that stores
// rows in a form which the version before cannot read.
inline constexpr char kSessionName[] = "marginalia-2";

// Whether another session on the same database, of the same role, bears another name: a replica of
// a version before, or whoever else connects as that role. False on SQLite, whose file has one
// process. Throws what SOCI throws.
bool HasOlderSessions(Connection& connection);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_OLDER_SESSIONS_H_
