// A private PostgreSQL server: its data in a temporary directory, listening on a unix socket there
// and nowhere else, gone with its owner. Used by one thread, and it ends with the thread that has
// started it; Execute and Url may be called by any.
#ifndef MARGINALIA_TESTS_SUPPORT_POSTGRES_NODE_H_
#define MARGINALIA_TESTS_SUPPORT_POSTGRES_NODE_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

// What the services connect as: nothing that would excuse it from the rules of its own tables.
inline constexpr char kPostgresPlainRole[] = "app";
inline constexpr char kPostgresSuperuser[] = "root";

class PostgresNode {
 public:
  // A new server, started, with the plain role. `settings` are name=value; by default it does
  // without fsync: a power cut is not what tests simulate on PostgreSQL.
  explicit PostgresNode(std::vector<std::string> settings = {"fsync=off", "shared_buffers=32MB"});
  // A standby that has copied `primary` and follows it; from here on `primary` acknowledges no
  // commit that the standby does not have as well.
  static std::unique_ptr<PostgresNode> StandbyOf(PostgresNode& primary);
  ~PostgresNode();
  PostgresNode(const PostgresNode&) = delete;
  PostgresNode& operator=(const PostgresNode&) = delete;

  // Made for the plain role. Returns its url.
  std::string NewDatabase(const std::string& name);

  std::string Url(const std::string& database, const std::string& role = kPostgresPlainRole) const;
  // What a relay leads to, and the directory of it for a url that names several hosts.
  std::string socket_path() const { return directory_.File(".s.PGSQL.5432"); }
  std::string socket_directory() const { return directory_.path(); }

  // As superuser, in the database "postgres".
  void Execute(const std::string& statement) const;

  // Waits until it accepts connections.
  void Start();
  // SIGINT stops it in order and SIGQUIT at once, both with all its sessions cut; SIGKILL is what a
  // lost machine does.
  void Stop(int signal);
  // SIGSTOP for the server and all its sessions: connections stay open, and nothing answers. Thaw
  // lets them go on.
  void Freeze();
  void Thaw();
  // A standby becomes a primary.
  void Promote() const;

 private:
  struct Empty {
    std::vector<std::string> settings;
  };
  explicit PostgresNode(Empty empty);

  TempDir directory_;
  const std::string data_;
  const std::vector<std::string> settings_;
  std::unique_ptr<ChildProcess> process_;
  std::vector<pid_t> frozen_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_SUPPORT_POSTGRES_NODE_H_
