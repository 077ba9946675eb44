// What those who change comments and threads were told, and the check that the log says the same.
// Thread-safe.
#ifndef MARGINALIA_TESTS_FAULTS_TOLD_CHANGES_H_
#define MARGINALIA_TESTS_FAULTS_TOLD_CHANGES_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "marginalia/comments/v1/event.pb.h"
#include "tests/faults/log_model.h"

namespace marginalia {

class ToldChanges {
 public:
  struct Told {
    std::string org_id;
    comments::v1::Event::KindCase kind = comments::v1::Event::KIND_NOT_SET;
    std::int64_t number = 0;
    std::string invoice_id;
    std::string comment_id;
    std::string body;
    // Whether it had been made before, so that another event may have made it.
    bool replayed = false;
  };

  void Add(Told told);
  // What was said with a settlement, and the settlement, whose receipt may be that of what was
  // said.
  void Said(const std::string& org_id, const std::string& invoice_id, const std::string& comment_id,
            const std::string& body);
  void Settled(const std::string& org_id, comments::v1::Event::KindCase kind, std::int64_t number,
               const std::string& invoice_id, const std::string& comment_id);
  // One that somebody has posted, for others to act on.
  void Offer(const comments::v1::Comment& comment, const std::string& org_id);
  // Any of those; an empty one while there is none.
  comments::v1::Comment Any(const std::string& org_id, unsigned random) const;
  std::size_t size() const;
  // How many of each kind were made.
  std::map<comments::v1::Event::KindCase, int> Kinds() const;

  // Each is in the log, once, as it was told.
  void Check(const LogModel& model) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Told> told_, said_, settled_;  // guarded by mutex_
  std::map<std::string, std::vector<comments::v1::Comment>>
      offered_;  // guarded by mutex_, by tenant
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_TOLD_CHANGES_H_
