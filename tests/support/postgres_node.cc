#include "tests/support/postgres_node.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace marginalia {
namespace {

constexpr char kServerUser[] = "postgres";
constexpr auto kStartPoll = std::chrono::milliseconds(10);
constexpr int kStartPollsMax = 3'000;
constexpr char kNoSync[] = "fsync=off";
constexpr char kMemory[] = "/dev/shm";
// More than what the largest test writes, and what others of the machine want of it.
constexpr std::uintmax_t kMemoryBytesMin = std::uintmax_t{8} << 30;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "the tests' PostgreSQL server: %s\n", what.c_str());
  std::abort();
}

// A program of PostgreSQL, run to its end.
void RunTool(std::vector<std::string> arguments, const std::string& log_path) {
  const std::string name = arguments.front();
  ChildProcess tool(std::move(arguments), {.user = kServerUser, .stderr_path = log_path});
  if (tool.Wait() != 0) Die(name + " failed");
}

// A new database is some three hundred files. A server that syncs nothing may have them in memory,
// where making, filling and removing them takes a fourth of the CPU.
std::filesystem::path ParentOf(const std::vector<std::string>& settings) {
  std::error_code error;
  const std::filesystem::space_info memory = std::filesystem::space(kMemory, error);
  const bool syncs = std::ranges::find(settings, kNoSync) == settings.end();
  if (syncs || error || memory.available < kMemoryBytesMin) {
    return std::filesystem::temp_directory_path();
  }
  return kMemory;
}

}  // namespace

PostgresNode::PostgresNode(Empty empty)
    : directory_(ParentOf(empty.settings)),
      data_(directory_.File("data")),
      settings_(std::move(empty.settings)) {
  if (getuid() != 0) return;
  const passwd* user = getpwnam(kServerUser);
  if (user == nullptr || chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
    Die("root may not run it, and there is no user postgres to do so");
  }
}

PostgresNode::PostgresNode(std::vector<std::string> settings)
    : PostgresNode(Empty{std::move(settings)}) {
  RunTool({POSTGRES_BIN "/initdb", "-D", data_, "-A", "trust", "-U", kPostgresSuperuser,
           "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"},
          directory_.File("initdb.log"));
  Start();
  Execute(std::string("CREATE ROLE ") + kPostgresPlainRole + " LOGIN");
}

std::unique_ptr<PostgresNode> PostgresNode::StandbyOf(PostgresNode& primary) {
  std::unique_ptr<PostgresNode> standby(new PostgresNode(Empty{primary.settings_}));
  RunTool({POSTGRES_BIN "/pg_basebackup", "-D", standby->data_, "--write-recovery-conf",
           "--checkpoint=fast", "--no-sync", "-d", primary.Url("postgres", kPostgresSuperuser)},
          standby->directory_.File("basebackup.log"));
  standby->Start();
  // After the copy: the standby, once promoted, waits for nobody.
  primary.Execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
  primary.Execute("SELECT pg_reload_conf()");
  return standby;
}

PostgresNode::~PostgresNode() {
  Thaw();
  Stop(SIGQUIT);
}

std::string PostgresNode::NewDatabase(const std::string& name) {
  Execute("CREATE DATABASE " + name + " OWNER " + kPostgresPlainRole);
  return Url(name);
}

std::string PostgresNode::Url(const std::string& database, const std::string& role) const {
  return "postgresql://" + role + "@/" + database + "?host=" + socket_directory();
}

void PostgresNode::Execute(const std::string& statement) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> session(
      PQconnectdb(Url("postgres", kPostgresSuperuser).c_str()), PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexec(session.get(), statement.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    Die(statement + ": " + PQerrorMessage(session.get()));
  }
}

void PostgresNode::Start() {
  std::vector<std::string> arguments = {POSTGRES_BIN "/postgres",
                                        "-D",
                                        data_,
                                        "-k",
                                        socket_directory(),
                                        "-c",
                                        "listen_addresses=",
                                        "-c",
                                        "max_connections=200"};
  for (const std::string& setting : settings_) {
    arguments.push_back("-c");
    arguments.push_back(setting);
  }
  process_ = std::make_unique<ChildProcess>(
      std::move(arguments),
      ChildOptions{.user = kServerUser, .stderr_path = directory_.File("log")});
  for (int polls = 0; polls < kStartPollsMax; ++polls) {
    if (PQping(Url("postgres", kPostgresSuperuser).c_str()) == PQPING_OK) return;
    std::this_thread::sleep_for(kStartPoll);
  }
  Die("did not start");
}

void PostgresNode::Stop(int signal) {
  if (process_ == nullptr) return;
  process_->Signal(signal);
  process_->Wait();
}

void PostgresNode::Freeze() {
  const pid_t server = process_->pid();
  frozen_ = {server};
  // First the server, so that no further session begins.
  kill(server, SIGSTOP);
  std::ifstream children("/proc/" + std::to_string(server) + "/task/" + std::to_string(server) +
                         "/children");
  for (pid_t child = 0; children >> child;) frozen_.push_back(child);
  for (const pid_t process : frozen_) kill(process, SIGSTOP);
}

void PostgresNode::Thaw() {
  for (const pid_t process : frozen_) kill(process, SIGCONT);
  frozen_.clear();
}

void PostgresNode::Promote() const { Execute("SELECT pg_promote(true, 30)"); }

}  // namespace marginalia
