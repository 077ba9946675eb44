// The content of a demo: tenants, their people, invoices and threads, as demo.json describes them.
#ifndef MARGINALIA_DEPLOY_DEMO_DEMO_DATA_H_
#define MARGINALIA_DEPLOY_DEMO_DEMO_DATA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "marginalia/invoices/v1/invoice.pb.h"

namespace marginalia {

struct DemoPerson {
  std::string user_id;
  std::string display_name;
  // viewer, member or admin.
  std::string role;

  bool may_comment() const { return role != "viewer"; }
};

// Who takes a comment away, and why.
struct DemoRemoval {
  DemoPerson actor;
  std::string reason;
};

struct DemoComment {
  DemoPerson author;
  // What it says in the end.
  std::string body;
  // How long before the first start it was written.
  absl::Duration ago;
  // What it said before its author edited it; empty: it was not edited.
  std::string first_body;
  std::optional<DemoRemoval> removal;
};

struct DemoInvoice {
  // As it shall be in the end, status, version and total included; without an id.
  invoices::v1::Invoice invoice;
  // Oldest first.
  std::vector<DemoComment> comments;
  // Who resolves the thread; nobody: it stays open.
  std::optional<DemoPerson> resolved_by;
};

struct DemoTenant {
  std::string org_id;
  std::string name;
  std::vector<DemoPerson> people;
  std::vector<DemoInvoice> invoices;
};

// Reads a demo file; a thread that it asks to generate comes from BusyThread. Errors name the file
// and what is wrong in it.
absl::StatusOr<std::vector<DemoTenant>> ReadDemoData(const std::string& path);

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_DEMO_DEMO_DATA_H_
