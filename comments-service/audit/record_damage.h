// Tells of damaged records: callers each time, the log once. Owned by Checkpoints. Thread-safe.
#ifndef MARGINALIA_COMMENTS_SERVICE_AUDIT_RECORD_DAMAGE_H_
#define MARGINALIA_COMMENTS_SERVICE_AUDIT_RECORD_DAMAGE_H_

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace marginalia {

// Damages that are remembered as told; of further ones the log is told each time.
inline constexpr std::size_t kDamagesRememberedMax = 10'000;

class RecordDamage {
 public:
  // What `look` returns; DATA_LOSS (RECORD_DAMAGED) when it throws DamagedRecord. The log is told
  // unless it has been told the same of the tenant. Other exceptions pass.
  absl::Status Look(std::string_view org_id, absl::FunctionRef<absl::Status()> look);

  // What was wrong with the tenant's record no longer is: should it be again, the log is told anew.
  void Mended(std::string_view org_id);

  // Whether `status` is what Look says of a damaged record.
  static bool IsDamaged(const absl::Status& status);

 private:
  absl::Status Tell(std::string_view org_id, std::string_view what);

  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> told_;  // guarded by mutex_
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_AUDIT_RECORD_DAMAGE_H_
