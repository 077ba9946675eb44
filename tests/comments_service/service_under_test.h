// A whole comments-service inside the test: a database, a server on a free port, real tokens and
// real gRPC clients.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_SERVICE_UNDER_TEST_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_SERVICE_UNDER_TEST_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "comments-service/evidence/evidence_exports.h"
#include "comments-service/thread/changes.h"
#include "comments-service/watch/open_watches.h"
#include "deploy/keys/token_mint.h"
#include "services/events/log/event_feed.h"
#include "services/events/log/retention.h"
#include "services/rpc/gate/gate.h"
#include "services/storage/database.h"
#include "tests/comments_service/client.h"

namespace marginalia {

struct ServiceOptions {
  std::string database_url;
  // Of an InvoicesService; empty: any invoice id is one.
  std::string invoices_address;
  bool start_new_log = false;
  RetentionBounds retention;
  absl::Duration retention_interval = kRetentionInterval;
  absl::Duration write_stall_max = kWriteStallMax;
  // Empty: nothing is signed.
  std::string checkpoint_key_path;
  absl::Duration tree_keeper_interval = absl::Milliseconds(20);
  absl::Duration evidence_taken_max = kEvidenceTakenMax;
  GateOptions gate;
  absl::Duration edit_window = kEditWindowDefault;
  absl::Duration older_look_pause = kOlderLookPause;
};

class ServiceUnderTest {
 public:
  explicit ServiceUnderTest(ServiceOptions options);
  // Drains.
  ~ServiceUnderTest();

  // A caller of the tenant with the id `user`; the name is the id in capitals.
  Client As(const std::string& org, const std::string& user, const std::string& role = "member",
            absl::Duration token_lifetime = absl::Hours(1)) const;
  // A machine; without `org` it acts for no single tenant.
  Client AsService(const std::string& org = "") const;

  // As main does on SIGTERM.
  void Drain();

  // Runs SQL behind the service's back, in a transaction of its own.
  void Tamper(absl::AnyInvocable<void(soci::session&)> change);
  std::int64_t CountRows(const std::string& table);

  std::int64_t page_cache_hits() const;
  std::int64_t block_cache_hits() const;
  EventFeed& feed();
  OpenWatches& watches();
  Database& database();
  const std::string& address() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Of the whole test process.
const TokenMint& Mint();

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_SERVICE_UNDER_TEST_H_
