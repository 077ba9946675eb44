#include "tests/support/postgres_server.h"

#include <signal.h>

#include <mutex>

#include "tests/support/postgres_node.h"

namespace marginalia {
namespace {

class Server {
 public:
  static Server& Get() {
    static Server server;
    return server;
  }

  std::string NewDatabase() {
    const std::lock_guard lock(mutex_);
    return node.NewDatabase("test_" + std::to_string(++databases_));
  }

  PostgresNode node;

 private:
  std::mutex mutex_;
  int databases_ = 0;
};

}  // namespace

std::string NewPostgresDatabase() { return Server::Get().NewDatabase(); }

std::string PostgresSuperuserUrl(const std::string& url) {
  const std::size_t role = url.find("//") + 2;
  return url.substr(0, role) + kPostgresSuperuser + url.substr(url.find('@'));
}

void StopPostgres() { Server::Get().node.Stop(SIGQUIT); }

void StartPostgres() { Server::Get().node.Start(); }

void CutPostgresConnections(const std::string& url) {
  const std::size_t begin = url.rfind('/', url.find('?')) + 1;
  const std::string database = url.substr(begin, url.find('?') - begin);
  Server::Get().node.Execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database + "'");
}

}  // namespace marginalia
