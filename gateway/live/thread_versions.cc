#include "gateway/live/thread_versions.h"

#include <algorithm>

#include "services/text/tenant_key.h"

namespace marginalia {

ThreadVersions::ThreadVersions(std::size_t threads_max) : threads_max_(threads_max) {}

void ThreadVersions::StartFrom(const LogPoint& point) {
  const std::lock_guard lock(mutex_);
  index_.clear();
  entries_.clear();
  log_id_ = point.log_id;
  complete_since_ = position_ = point.position;
}

void ThreadVersions::Raise(std::string_view org_id, std::string_view invoice_id,
                           std::int64_t revision, std::int64_t position) {
  const std::string key = TenantKey(org_id, invoice_id);
  const std::lock_guard lock(mutex_);
  position_ = std::max(position_, position);
  MakeRoom(Use(key) == nullptr ? 1 : 0);
  Entry& entry = Entered(key);
  entry.revision = std::max(entry.revision, revision);
  entry.told_position = std::max(entry.told_position, position);
}

void ThreadVersions::Learn(const LogPoint& point, std::string_view org_id,
                           std::string_view asked_id, std::string_view invoice_id,
                           std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  if (point.log_id != log_id_) return;
  Entry* entry = Answered(point.position, org_id, asked_id, invoice_id);
  if (entry == nullptr) return;
  entry->revision = std::max(entry->revision, revision);
  entry->told_position = std::max(entry->told_position, point.position);
}

void ThreadVersions::Changed(const LogPoint& point, std::string_view org_id,
                             std::string_view asked_id, std::string_view invoice_id) {
  const std::lock_guard lock(mutex_);
  if (point.log_id != log_id_) return;
  Entry* entry = Answered(point.position, org_id, asked_id, invoice_id);
  if (entry != nullptr) entry->changed_position = std::max(entry->changed_position, point.position);
}

std::optional<ThreadVersions::Version> ThreadVersions::Find(std::string_view org_id,
                                                            std::string_view asked_id) {
  const std::string key = TenantKey(org_id, asked_id);
  const std::lock_guard lock(mutex_);
  const Entry* entry = Use(key);
  if (entry != nullptr && !entry->thread.empty()) entry = Use(entry->thread);
  if (entry == nullptr || entry->told_position < entry->changed_position) return std::nullopt;
  return Version{log_id_, entry->revision};
}

ThreadVersions::Entry* ThreadVersions::Use(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

void ThreadVersions::MakeRoom(std::size_t entries) {
  while (entries_.size() + entries > threads_max_) {
    // An older answer that is still on its way must not bring the forgotten thread back.
    complete_since_ = position_;
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

ThreadVersions::Entry* ThreadVersions::Answered(std::int64_t position, std::string_view org_id,
                                                std::string_view asked_id,
                                                std::string_view invoice_id) {
  const std::string key = TenantKey(org_id, invoice_id);
  const std::string name = asked_id == invoice_id ? std::string() : TenantKey(org_id, asked_id);
  MakeRoom((Use(key) == nullptr ? 1 : 0) + (!name.empty() && Use(name) == nullptr ? 1 : 0));
  // Only now: making room may have forgotten what this answer does not know yet.
  if (position < complete_since_) return nullptr;
  if (!name.empty()) Entered(name).thread = key;
  return &Entered(key);
}

ThreadVersions::Entry& ThreadVersions::Entered(const std::string& key) {
  if (Entry* known = Use(key)) return *known;
  entries_.push_front(Entry{.key = key});
  index_[key] = entries_.begin();
  return entries_.front();
}

}  // namespace marginalia
