// One tenant of an InvoicesWorld, doing at random what can be done with invoices. Its answers read
// without what legitimately differs from run to run: times, and what etags and tokens look like,
// which are checked by being used.
#ifndef MARGINALIA_TESTS_ISOLATION_INVOICES_SESSION_H_
#define MARGINALIA_TESTS_ISOLATION_INVOICES_SESSION_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/isolation/invoices_world.h"
#include "tests/isolation/operations.h"

namespace marginalia {

// Operations of a round.
inline constexpr int kInvoicesOneByOne = 8;
inline constexpr int kInvoicesWrites = 72;
inline constexpr int kInvoicesReads = 120;

class InvoicesSession : public TenantSession {
 public:
  // The ids and numbers of its invoices depend on neither tenant nor seed.
  InvoicesSession(InvoicesWorld& world, const std::string& org_id, std::uint64_t seed);

  // Whose tokens and etags this tenant tries as well. The other one must outlive the rounds.
  void MeetOther(const InvoicesSession& other) { other_ = &other; }

  Round Plan() override;

 private:
  using Answered = std::function<void()>;

  int AnyInvoice();
  // An id or a number, perhaps of nothing.
  std::string AnyKey();
  // The invoice's own etag, an old one, the other tenant's, or none.
  std::string AnyEtag(const std::string& key);
  FreshnessRequirement AnyRequirement();
  InvoiceContent AnyContent(int number);

  Operation CommentArrives();
  Operation Create();
  Operation Update();
  Operation Move();
  Operation Get();
  Operation GetBatch();
  Operation List();

  std::string Describe(const absl::StatusOr<Invoice>& invoice);
  std::string Describe(const absl::StatusOr<FreshInvoice>& fresh);
  std::string Describe(const absl::StatusOr<FreshBatch>& fresh);
  std::string Describe(const absl::StatusOr<FreshSummaries>& page);
  std::string Token(const std::string& consistency_token);

  InvoicesWorld& world_;
  const Caller caller_;
  const InvoicesSession* other_ = nullptr;
  std::map<std::string, std::int64_t> comment_counts_;  // by invoice id
  std::map<std::string, std::string> etags_;            // of the newest version, by id and number
  Keepsakes old_etags_;
  Keepsakes page_tokens_;
  Keepsakes consistency_tokens_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_INVOICES_SESSION_H_
