// The threads of a comments-service in memory, with the log of their events and what readers have
// read: as much of the rules as the gateway can tell from the real ones. Not thread-safe: whoever
// owns it guards it.
#ifndef MARGINALIA_TESTS_GATEWAY_SCRIPTED_THREADS_H_
#define MARGINALIA_TESTS_GATEWAY_SCRIPTED_THREADS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "marginalia/comments/v1/comments_service.pb.h"
#include "services/identity/caller.h"

namespace marginalia {

// Seconds since 1970; comments are written behind it, one a second.
inline constexpr std::int64_t kScriptedTime = 1'760'000'000;

absl::Status ScriptedCommentNotFound();

class ScriptedThreads {
 public:
  // The tenant and the invoice.
  using Name = std::pair<std::string, std::string>;

  // Makes the invoice known; `alias` leads to it as well.
  void AddInvoice(const std::string& org, const std::string& invoice_id, const std::string& alias);
  // Errors: INVOICE_NOT_FOUND.
  absl::StatusOr<Name> Find(const Caller& caller, const std::string& invoice_id) const;
  const std::vector<comments::v1::Comment>& Comments(const Name& thread) const;

  // An empty comment_id is made up.
  comments::v1::Comment Append(
      const Name& thread, const std::string& comment_id, const std::string& author,
      const std::string& body,
      const google::protobuf::RepeatedPtrField<std::string>& mentions = {});
  // The comment that is to be changed, if it may be.
  absl::StatusOr<comments::v1::Comment*> FindToChange(const Caller& caller,
                                                      const std::string& invoice_id,
                                                      const std::string& comment_id,
                                                      const std::string& etag);
  void Edit(comments::v1::Comment& comment, const std::string& body);
  static void Remove(comments::v1::Comment& comment, const std::string& actor,
                     const std::string& reason);
  // Whoever may change it and whatever its etag.
  void Remove(const Name& thread, const std::string& comment_id, const std::string& actor,
              const std::string& reason);
  // Puts an event of the thread into the log: its kind is given.
  void Tell(const Name& thread, comments::v1::Event event);
  // What each revision of the comment said, oldest first; none before it was edited.
  const std::vector<std::string>& Said(const std::string& comment_id) { return said_[comment_id]; }

  // Moves the reader's mark forward, as far as there are comments.
  void MarkRead(const Caller& caller, const Name& thread, std::int64_t sequence);
  comments::v1::ReadState StateOf(const Caller& caller, const Name& thread) const;

  // The log: positions are 1, 2, 3 …
  const std::string& log_id() const { return log_id_; }
  const std::vector<comments::v1::Event>& events() const { return events_; }
  std::int64_t head() const { return static_cast<std::int64_t>(events_.size()); }
  std::string TokenAt(std::int64_t position, const Caller& caller) const;
  // Where a watch begins. Errors: RESUME_TOKEN_INVALID, EVENTS_COMPACTED, EVENTS_MISSING.
  absl::StatusOr<std::int64_t> StartOf(const Caller& caller,
                                       const comments::v1::WatchEventsRequest& request) const;
  // Events up to `position` are retained no longer.
  void CompactUpTo(std::int64_t position) { compacted_ = position; }
  // The event is lost, which those that begin before it are told at once.
  void Lose(std::int64_t position) { lost_ = position; }
  // Another log: events and comments are gone.
  void StartNewLog();
  // The clock that events are stamped by is so far behind.
  void SetClockBehind(absl::Duration behind) { clock_behind_ = behind; }

 private:
  std::string log_id_ = "00000000000000a1";
  std::map<Name, std::vector<comments::v1::Comment>> threads_;
  std::map<Name, std::string> aliases_;
  std::map<std::string, std::vector<std::string>> said_;  // by comment
  std::vector<comments::v1::Event> events_;
  std::map<std::pair<std::string, Name>, std::int64_t> read_marks_;  // by user_id
  std::int64_t compacted_ = 0;
  std::int64_t lost_ = 0;
  absl::Duration clock_behind_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_GATEWAY_SCRIPTED_THREADS_H_
