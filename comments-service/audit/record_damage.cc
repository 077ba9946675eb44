#include "comments-service/audit/record_damage.h"

#include "comments-service/record/damaged_record.h"
#include "services/errors/errors.h"
#include "services/process/log.h"

namespace marginalia {

absl::Status RecordDamage::Look(std::string_view org_id, absl::FunctionRef<absl::Status()> look) {
  try {
    return look();
  } catch (const DamagedRecord& damage) {
    return Tell(org_id, damage.what());
  }
}

absl::Status RecordDamage::Tell(std::string_view org_id, std::string_view what) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    std::pair<std::string, std::string> damage(org_id, what);
    if (told_.size() < kDamagesRememberedMax) {
      is_new = told_.insert(std::move(damage)).second;
    } else {
      is_new = !told_.contains(damage);
    }
  }
  if (is_new) {
    Log(Severity::kError, "a tenant's record is damaged and proves nothing: verify its audit log",
        {{"org_id", org_id}, {"what", what}});
  }
  return Refusal(absl::StatusCode::kDataLoss, "RECORD_DAMAGED",
                 "the tenant's record is damaged and proves nothing until it is mended: have an "
                 "admin verify its audit log");
}

void RecordDamage::Mended(std::string_view org_id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(told_, [org_id](const auto& damage) { return damage.first == org_id; });
}

bool RecordDamage::IsDamaged(const absl::Status& status) { return absl::IsDataLoss(status); }

}  // namespace marginalia
