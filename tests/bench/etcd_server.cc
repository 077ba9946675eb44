#include "tests/bench/etcd_server.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/bench/etcd.pb.h"
#include "tests/bench/rpc_client.h"

namespace marginalia::bench {
namespace {

constexpr char kProgram[] = "/usr/bin/etcd";

// A put that succeeds says that it has a leader and takes writes.
absl::Status FirstPut(const std::string& address) {
  auto client = RpcClient::Connect({.address = address, .bearer = {}, .connections = 1});
  if (!client.ok()) return client.status();
  etcdserverpb::PutRequest request;
  request.set_key("first");
  etcdserverpb::PutResponse answer;
  return (*client)->CallAndWait("/etcdserverpb.KV/Put", request, &answer);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EtcdServer>> EtcdServer::Start(const std::string& directory) {
  if (access(kProgram, X_OK) != 0) {
    return absl::NotFoundError(
        absl::StrCat(kProgram, " is missing: apt-get install etcd-server (Debian)"));
  }
  const std::string clients = absl::StrCat("http://127.0.0.1:", FreePort());
  const std::string peers = absl::StrCat("http://127.0.0.1:", FreePort());
  std::unique_ptr<EtcdServer> etcd(new EtcdServer);
  etcd->address_ = clients.substr(std::string_view("http://").size());
  etcd->process_ = std::make_unique<StartedProcess>(
      std::vector<std::string>{
          kProgram, "--name=bench", absl::StrCat("--data-dir=", directory, "/etcd"),
          absl::StrCat("--listen-client-urls=", clients),
          absl::StrCat("--advertise-client-urls=", clients),
          absl::StrCat("--listen-peer-urls=", peers),
          absl::StrCat("--initial-advertise-peer-urls=", peers),
          absl::StrCat("--initial-cluster=bench=", peers), "--logger=zap", "--log-level=error"},
      directory + "/etcd.log");
  const absl::Status ready = FirstPut(etcd->address_);
  if (!ready.ok()) return ready;
  return etcd;
}

}  // namespace marginalia::bench
