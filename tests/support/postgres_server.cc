#include "tests/support/postgres_server.h"

#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace marginalia {
namespace {

constexpr char kServerUser[] = "postgres";
constexpr char kSuperuser[] = "root";
// What the services connect as: nothing that would excuse it from the rules of its own tables.
constexpr char kPlainRole[] = "app";
constexpr auto kStartPoll = std::chrono::milliseconds(10);
constexpr int kStartPollsMax = 3'000;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "the tests' PostgreSQL server: %s\n", what.c_str());
  std::abort();
}

using Session = std::unique_ptr<PGconn, decltype(&PQfinish)>;

class Server {
 public:
  static Server& Get() {
    static Server server;
    return server;
  }

  std::string Url(const std::string& database, const std::string& role = kPlainRole) const {
    return "postgresql://" + role + "@/" + database + "?host=" + dir_.path().string();
  }

  std::string NewDatabase() {
    const std::lock_guard lock(mutex_);
    const std::string name = "test_" + std::to_string(++databases_);
    Execute("CREATE DATABASE " + name + " OWNER " + kPlainRole);
    return Url(name);
  }

  void Execute(const std::string& statement) {
    const Session session(PQconnectdb(Url("postgres", kSuperuser).c_str()), PQfinish);
    PGresult* result = PQexec(session.get(), statement.c_str());
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      Die(statement + ": " + PQerrorMessage(session.get()));
    }
    PQclear(result);
  }

  void Start() {
    process_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{
            POSTGRES_BIN "/postgres", "-D", data_, "-k", dir_.path(), "-c", "listen_addresses=",
            // A power cut is not what these tests simulate on PostgreSQL.
            "-c", "fsync=off", "-c", "max_connections=200", "-c", "shared_buffers=32MB"},
        ChildOptions{.user = kServerUser, .stderr_path = dir_.File("log")});
    for (int polls = 0; polls < kStartPollsMax; ++polls) {
      if (PQping(Url("postgres", kSuperuser).c_str()) == PQPING_OK) return;
      std::this_thread::sleep_for(kStartPoll);
    }
    Die("did not start");
  }

  void Stop() {
    process_->Signal(SIGQUIT);
    process_->Wait();
  }

 private:
  Server() : data_(dir_.File("data")) {
    if (getuid() == 0) {
      const passwd* user = getpwnam(kServerUser);
      if (user == nullptr || chown(dir_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
        Die("root may not run it, and there is no user postgres to do so");
      }
    }
    ChildProcess initdb({POSTGRES_BIN "/initdb", "-D", data_, "-A", "trust", "-U", kSuperuser,
                         "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"},
                        ChildOptions{.user = kServerUser, .stderr_path = dir_.File("initdb.log")});
    if (initdb.Wait() != 0) Die("initdb failed");
    Start();
    Execute(std::string("CREATE ROLE ") + kPlainRole + " LOGIN");
  }
  ~Server() { Stop(); }

  TempDir dir_;
  std::string data_;
  std::unique_ptr<ChildProcess> process_;
  std::mutex mutex_;
  int databases_ = 0;
};

}  // namespace

std::string NewPostgresDatabase() { return Server::Get().NewDatabase(); }

std::string PostgresSuperuserUrl(const std::string& url) {
  const std::size_t role = url.find("//") + 2;
  return url.substr(0, role) + kSuperuser + url.substr(url.find('@'));
}

void StopPostgres() { Server::Get().Stop(); }

void StartPostgres() { Server::Get().Start(); }

void CutPostgresConnections(const std::string& url) {
  const std::size_t begin = url.rfind('/', url.find('?')) + 1;
  const std::string database = url.substr(begin, url.find('?') - begin);
  Server::Get().Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                        database + "'");
}

}  // namespace marginalia
