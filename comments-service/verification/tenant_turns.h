// Long works of many tenants on one thread, a step at a time and a tenant after the other: whoever
// asks for much waits for himself, and not others for him. Of one tenant a work begins when the one
// before it has ended. Used by one thread, or under the owner's lock.
#ifndef MARGINALIA_COMMENTS_SERVICE_VERIFICATION_TENANT_TURNS_H_
#define MARGINALIA_COMMENTS_SERVICE_VERIFICATION_TENANT_TURNS_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace marginalia {

template <class Work>
class TenantTurns {
 public:
  bool empty() const { return tenants_.empty(); }
  std::size_t size() const { return size_; }

  // How many works of the tenant there are.
  std::size_t CountOf(const std::string& org_id) const {
    for (const Tenant& tenant : tenants_) {
      if (tenant.org_id == org_id) return tenant.works.size();
    }
    return 0;
  }

  void Add(const std::string& org_id, Work work) {
    ++size_;
    for (Tenant& tenant : tenants_) {
      if (tenant.org_id == org_id) return tenant.works.push_back(std::move(work));
    }
    tenants_.push_back({org_id, {}});
    tenants_.back().works.push_back(std::move(work));
  }

  // Takes all works that `wanted` is true of, whosever turn it is.
  template <class Wanted>
  std::vector<Work> TakeIf(Wanted wanted) {
    std::vector<Work> taken;
    for (auto tenant = tenants_.begin(); tenant != tenants_.end();) {
      std::deque<Work>& works = tenant->works;
      const auto first = std::stable_partition(
          works.begin(), works.end(), [&wanted](const Work& work) { return !wanted(work); });
      std::move(first, works.end(), std::back_inserter(taken));
      works.erase(first, works.end());
      tenant = works.empty() ? tenants_.erase(tenant) : std::next(tenant);
    }
    size_ -= taken.size();
    return taken;
  }

  // Takes the work whose turn it is. It comes back by PutBack, or has ended.
  std::pair<std::string, Work> Take() {
    return *TakeFirst([](const Work&) { return true; });
  }

  // The same among the tenants whose next work `ready` is true of: the others keep their turns.
  template <class Ready>
  std::optional<std::pair<std::string, Work>> TakeFirst(Ready ready) {
    const auto tenant =
        std::find_if(tenants_.begin(), tenants_.end(),
                     [&ready](const Tenant& each) { return ready(each.works.front()); });
    if (tenant == tenants_.end()) return std::nullopt;
    std::pair<std::string, Work> taken(tenant->org_id, std::move(tenant->works.front()));
    tenant->works.pop_front();
    --size_;
    if (tenant->works.empty()) {
      tenants_.erase(tenant);
    } else {
      tenants_.splice(tenants_.end(), tenants_, tenant);
    }
    return taken;
  }

  // The work goes on when it is its tenant's turn again, before the tenant's other works.
  void PutBack(const std::string& org_id, Work work) {
    ++size_;
    for (Tenant& tenant : tenants_) {
      if (tenant.org_id == org_id) return tenant.works.push_front(std::move(work));
    }
    tenants_.push_back({org_id, {}});
    tenants_.back().works.push_front(std::move(work));
  }

 private:
  struct Tenant {
    std::string org_id;
    std::deque<Work> works;
  };
  std::list<Tenant> tenants_;  // the one whose turn it is first
  std::size_t size_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_VERIFICATION_TENANT_TURNS_H_
