// One private PostgreSQL server for each test process: started on first use, listening on a unix
// socket in a temporary directory only, gone with the process.
#ifndef MARGINALIA_TESTS_SUPPORT_POSTGRES_SERVER_H_
#define MARGINALIA_TESTS_SUPPORT_POSTGRES_SERVER_H_

#include <string>

namespace marginalia {

// The url of a new, empty database, as a plain role that owns it and that row-level security holds
// back. Thread-safe, but the server ends with the thread that first asks for one.
std::string NewPostgresDatabase();

// The url of the same database as a superuser.
std::string PostgresSuperuserUrl(const std::string& url);

// Stops the server, cutting off its clients, and starts it again over the same data.
void StopPostgres();
void StartPostgres();

// Ends every client's connection to the database at `url`, as the loss of a server would.
void CutPostgresConnections(const std::string& url);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_POSTGRES_SERVER_H_
