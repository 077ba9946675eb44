#include "comments-service/invoices/invoice_lookup.h"

#include <optional>
#include <utility>

#include "comments-service/invoices/known_thread_store.h"
#include "comments-service/thread/comment.h"
#include "services/errors/errors.h"
#include "services/storage/read_value.h"
#include "services/text/tenant_key.h"

namespace marginalia {
absl::Status InvoiceNotFound() {
  return Refusal(absl::StatusCode::kNotFound, "INVOICE_NOT_FOUND",
                 "there is no such invoice: check invoice_id");
}

void InvoiceLookup::Find(const CallContext& call, std::string invoice_id,
                         Answer<std::string> answer) {
  if (absl::Status checked = InField("invoice_id", CheckInvoiceId(invoice_id)); !checked.ok()) {
    answer(checked);
    return;
  }
  if (directory_ == nullptr) {
    answer(std::move(invoice_id));
    return;
  }
  if (std::optional<std::string> thread = known_.Find(TenantKey(call.caller.org_id, invoice_id))) {
    answer(*std::move(thread));
    return;
  }
  FindUnknown(call, std::move(invoice_id), std::move(answer));
}

void InvoiceLookup::FindUnknown(const CallContext& call, std::string invoice_id,
                                Answer<std::string> answer) {
  auto read = [org_id = call.caller.org_id, invoice_id](Connection& connection) {
    return ThreadExists(connection, org_id, invoice_id);
  };
  auto done = [this, call, invoice_id,
               answer = std::move(answer)](const absl::StatusOr<bool>& exists) mutable {
    if (!exists.ok()) {
      answer(exists.status());
      return;
    }
    if (*exists) {
      Remember(call.caller.org_id, invoice_id, invoice_id);
      answer(std::move(invoice_id));
      return;
    }
    directory_->Find(call, invoice_id,
                     [this, call, invoice_id,
                      answer = std::move(answer)](absl::StatusOr<std::string> thread) mutable {
                       if (thread.ok()) Remember(call.caller.org_id, invoice_id, *thread);
                       answer(std::move(thread));
                     });
  };
  ReadValueThen<bool>(database_, call.deadline, Tenants::One(call.caller.org_id), std::move(read),
                      std::move(done));
}

void InvoiceLookup::Remember(std::string_view org_id, std::string_view invoice_id,
                             const std::string& thread) {
  known_.Insert(TenantKey(org_id, invoice_id), thread, thread.size());
}

}  // namespace marginalia
