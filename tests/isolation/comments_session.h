// One tenant of a CommentsWorld, doing at random what can be done with comments.
#ifndef MARGINALIA_TESTS_ISOLATION_COMMENTS_SESSION_H_
#define MARGINALIA_TESTS_ISOLATION_COMMENTS_SESSION_H_

#include <functional>
#include <string>

#include "services/process/stopwatch.h"
#include "tests/isolation/comments_memory.h"
#include "tests/isolation/comments_world.h"
#include "tests/isolation/operations.h"

namespace marginalia {

// Operations of a round, but for the first, which has more of those that come one by one.
inline constexpr int kCommentsOneByOne = 8;
inline constexpr int kCommentsWrites = 48;
inline constexpr int kCommentsReads = 144;

class CommentsSession : public TenantSession {
 public:
  // The ids of its comments depend on neither tenant nor seed: every tenant uses the same ones.
  CommentsSession(CommentsWorld& world, const std::string& org_id, std::uint64_t seed);

  // Whose tokens this tenant tries as well. The other one must outlive the rounds.
  void MeetOther(const CommentsSession& other) { other_ = &other.memory_; }

  Round Plan() override;

 private:
  CallContext Call() const { return {caller_, "", "request", SteadyTime::Never()}; }

  // Perhaps not of this tenant, perhaps a number, perhaps nothing at all.
  std::string AnyInvoice();
  std::string OwnInvoice();
  // Of a comment of its own, or of one that only a busier tenant may have.
  std::string AnyCommentId();
  int AnyPageSize();
  // One of its own tokens, one of the other tenant, or none.
  std::string AnyToken(const Keepsakes& own, const Keepsakes* of_another);

  Operation Add(std::string asked, NewComment comment);
  Operation AddNew(std::string invoice);
  Operation AddAgain();
  Operation AddWrong();
  Operation Import(std::string invoice);
  Operation ListThread();
  Operation ListRecent();
  Operation ListMentions();
  Operation MarkRead();
  Operation GetReadStates();
  Operation SearchAuthors();
  Operation ListAudit();
  Operation Get();
  Operation Verify();
  Operation Watch();

  CommentsWorld& world_;
  const Caller caller_;
  const Client client_;
  CommentsMemory memory_;
  const CommentsMemory* other_ = nullptr;
  int next_comment_ = 0;
  int import_seconds_ = 0;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_COMMENTS_SESSION_H_
