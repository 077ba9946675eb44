// What an event log says of its threads, comment by comment, and whether each event may follow the
// ones before it: the state that reads must agree with. Events are applied in order, each once; one
// that does not fit fails the test. Used by one thread.
#ifndef MARGINALIA_TESTS_FAULTS_LOG_MODEL_H_
#define MARGINALIA_TESTS_FAULTS_LOG_MODEL_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "marginalia/comments/v1/event.pb.h"

namespace marginalia {

// What happened, where it stands: "comment_edited" is kEdited.
struct Happened {
  comments::v1::Event::KindCase kind = comments::v1::Event::KIND_NOT_SET;
  std::string invoice_id;
  // Empty for a thread's.
  std::string comment_id;
  // What was said with it; empty where nothing was, or where it is erased by now.
  std::string body;
};

struct ModelThread {
  comments::v1::Thread facts;
  // By id, each as its newest event has it.
  std::map<std::string, comments::v1::Comment> comments;
  // By id, what each revision said, oldest first.
  std::map<std::string, std::vector<std::string>> said;
  std::int64_t removed = 0;
  std::int64_t events = 0;
};

class LogModel {
 public:
  void Apply(const comments::v1::Event& event);

  // By invoice.
  const std::map<std::string, ModelThread>& threads() const { return threads_; }
  const ModelThread& thread(const std::string& invoice_id) const;
  // A tenant's, by number minus one.
  const std::vector<Happened>& of(const std::string& org_id) const;
  const std::set<std::string>& erased() const { return erased_; }

 private:
  void ApplyComment(ModelThread& thread, const comments::v1::Event& event,
                    const comments::v1::Comment& comment);
  void ApplySettlement(const ModelThread& thread, const comments::v1::Event& event);

  std::int64_t position_ = 0;
  std::map<std::string, ModelThread> threads_;
  std::map<std::string, std::vector<Happened>> by_org_;
  std::set<std::string> erased_;
};

// The comment that an event is about; null for a thread's.
const comments::v1::Comment* CommentOf(const comments::v1::Event& event);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_FAULTS_LOG_MODEL_H_
