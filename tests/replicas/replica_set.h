// Several comments-services, invoice-services and gateways, started from their binaries over one
// PostgreSQL. Each is reached through a relay, so that it keeps its address over its lives, and
// reaches the database through one of its own, so that it can be cut off from it. Used by one
// thread; addresses and tokens may be asked for by many.
#ifndef MARGINALIA_TESTS_REPLICAS_REPLICA_SET_H_
#define MARGINALIA_TESTS_REPLICAS_REPLICA_SET_H_

#include <memory>
#include <string>
#include <vector>

#include "deploy/keys/token_mint.h"
#include "tests/support/postgres_node.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/temp_dir.h"
#include "tests/support/three_processes.h"

namespace marginalia {

inline constexpr std::size_t kCommentsReplicas = 3;
inline constexpr std::size_t kInvoicesReplicas = 2;
inline constexpr std::size_t kGateways = 2;

class Replica {
 public:
  Replica(std::string name, const std::string& binary, const TempDir& directory);

  // Starts it with its flags and leads its front to it.
  void Start();
  // kill -9, and what its front still leads to it is cut.
  void Kill();
  // SIGTERM, and waits for its end. Returns the exit code.
  int Terminate();
  // The end of its log, for who wants to know why it ended so.
  std::string LastWords();

  const std::string& name() const { return name_; }
  const std::string& address() const { return front_.address(); }
  ProcessUnderTest& process() { return process_; }
  TcpProxy& database_link() { return database_link_; }
  void set_flags(std::vector<std::string> flags) { flags_ = std::move(flags); }
  void AddFlag(std::string flag) { flags_.push_back(std::move(flag)); }

 private:
  const std::string name_;
  TcpProxy front_;
  TcpProxy database_link_;
  ProcessUnderTest process_;
  std::vector<std::string> flags_;
};

struct ReplicaSetOptions {
  // Where the databases "comments" and "invoices" are.
  PostgresNode* node = nullptr;
  // The parameters of a url that lead past the relays, such as host=A,B&target_session_attrs=….
  // Empty: each replica goes to the node through its own relay.
  std::string database_parameters;
  std::size_t comments_count = kCommentsReplicas;
};

class ReplicaSet {
 public:
  // Makes the databases and starts everything, one after the other.
  explicit ReplicaSet(ReplicaSetOptions options);

  std::vector<std::unique_ptr<Replica>>& comments() { return comments_; }
  std::vector<std::unique_ptr<Replica>>& invoices() { return invoices_; }
  std::vector<std::unique_ptr<Replica>>& gateways() { return gateways_; }
  // All of them; a gateway has no use for its database link.
  std::vector<Replica*> all();
  // Those that have a database.
  std::vector<Replica*> with_database();

  // Where new connections of `replica` to the database lead after its relay was cut.
  void LeadToDatabase(Replica& replica) {
    replica.database_link().LeadTo(options_.node->socket_path());
  }

  // What their checkpoints are verified with, as text.
  const std::string& checkpoint_key() const { return checkpoint_key_; }
  std::string Token(const std::string& user, const std::string& role, const std::string& org) const;

 private:
  std::string DatabaseFlag(Replica& replica, const std::string& database);
  void SetFlags();

  const ReplicaSetOptions options_;
  TempDir directory_;
  std::unique_ptr<TokenMint> mint_;
  std::string checkpoint_key_;
  std::vector<std::unique_ptr<Replica>> comments_, invoices_, gateways_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_REPLICA_SET_H_
