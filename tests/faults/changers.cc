#include "tests/faults/changers.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "services/rpc/grpc_status.h"
#include "tests/faults/history.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using v1::Comment;
using v1::Event;

// How many of its own comments a changer goes on changing.
constexpr std::size_t kOwnMax = 12;
constexpr int kPageSize = 3;

// Somebody else was faster: no failure.
bool IsTooLate(const grpc::Status& status) {
  if (status.ok()) return false;
  const std::string reason = ReasonOf(FromGrpc(status));
  return reason == "ETAG_MISMATCH" || reason == "COMMENT_REMOVED";
}

bool IsNewerOrSame(const Comment& read, const Comment& told) {
  return read.revision() >= told.revision() && (!told.has_removal() || read.has_removal()) &&
         (!told.erased() || read.erased());
}

}  // namespace

class Changers::Changer {
 public:
  Changer(Changers& all, int number, unsigned seed)
      : all_(all), door_(all.door_), told_(all.told_), number_(number), random_(seed) {
    for (const ChangedThread& thread : all.targets_) {
      const std::string& org = thread.org_id;
      members_[org] = door_.Token(absl::StrCat("changer-", number), "member", org);
      admins_[org] = door_.Token(absl::StrCat("admin-", number), "admin", org);
    }
  }

  void Run() {
    for (int i = 0; !all_.stopping_ && !testing::Test::HasFailure(); ++i) {
      replica_ = random_() % all_.replicas_;
      thread_ = &all_.targets_[random_() % all_.targets_.size()];
      reads_back_ = i % 3 == 0;
      switch (random_() % 10) {
        case 0:
        case 1:
        case 2:
          Post();
          break;
        case 3:
        case 4:
        case 5:
          Edit();
          break;
        case 6:
          RemoveOwn();
          break;
        case 7:
          random_() % 2 == 0 ? EraseAny() : RemoveAny();
          break;
        default:
          random_() % 2 == 0 ? Settle<v1::ResolveThreadRequest, v1::ResolveThreadResponse>(
                                   "ResolveThread", Event::kThreadResolved,
                                   &v1::CommentsService::Stub::ResolveThread)
                             : Settle<v1::ReopenThreadRequest, v1::ReopenThreadResponse>(
                                   "ReopenThread", Event::kThreadReopened,
                                   &v1::CommentsService::Stub::ReopenThread);
      }
    }
  }

 private:
  using Stub = v1::CommentsService::Stub;

  std::string NewBody() { return absl::StrCat("said ", ++said_, " by changer ", number_); }

  // Asks until it is answered. True: it was done; false: not, `*late` tells whether somebody was
  // faster.
  template <class Request, class Response>
  bool Ask(std::string_view what, const std::string& token, const Request& request,
           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
           Response& answer, bool* late = nullptr) {
    bool was_late = false;
    const bool ok = door_.Ask(what, replica_, token, [&](Stub& stub, grpc::ClientContext& context) {
      answer.Clear();
      grpc::Status status = (stub.*method)(&context, request, &answer);
      was_late = late != nullptr && IsTooLate(status);
      return was_late ? grpc::Status::OK : status;
    });
    if (late != nullptr) *late = was_late;
    return ok && !was_late;
  }

  void Tell(Event::KindCase kind, std::int64_t number, const std::string& comment_id,
            const std::string& body, bool replayed) {
    told_.Add({thread_->org_id, kind, number, thread_->invoice_id, comment_id, body, replayed});
  }

  void Post() {
    v1::AddCommentRequest request;
    request.set_invoice_id(thread_->invoice_id);
    request.set_comment_id(RandomUuid());
    request.set_body(NewBody());
    v1::AddCommentResponse answer;
    if (!Ask("AddComment", Member(), request, &Stub::AddComment, answer)) return;
    Tell(Event::kCommentAdded, answer.receipt().number(), request.comment_id(), request.body(),
         false);
    told_.Offer(answer.comment(), thread_->org_id);
    std::vector<Comment>& own = own_[thread_->org_id];
    own.push_back(answer.comment());
    if (own.size() > kOwnMax) own.erase(own.begin());
    Learn(answer.comment());
  }

  // One of the changer's own; its thread becomes the one that is acted on.
  Comment* PickOwn() {
    std::vector<Comment>& own = own_[thread_->org_id];
    if (own.empty()) return nullptr;
    Comment& comment = own[random_() % own.size()];
    PointAt(comment);
    return &comment;
  }

  void PointAt(const Comment& comment) {
    for (const ChangedThread& thread : all_.targets_) {
      if (thread.invoice_id == comment.invoice_id()) thread_ = &thread;
    }
  }

  // What an answer shows of one of the changer's own. It may be gone by then: an answer that was
  // lost is asked for again, and meanwhile somebody may have removed the comment.
  void Learn(const Comment& now) {
    if (now.has_removal()) return Forget(now.comment_id());
    for (Comment& own : own_[thread_->org_id]) {
      if (own.comment_id() == now.comment_id()) own = now;
    }
  }

  void Forget(const std::string& comment_id) {
    std::erase_if(own_[thread_->org_id],
                  [&](const Comment& comment) { return comment.comment_id() == comment_id; });
  }

  void Edit() {
    Comment* const comment = PickOwn();
    if (comment == nullptr) return Post();
    v1::EditCommentRequest request;
    request.set_invoice_id(comment->invoice_id());
    request.set_comment_id(comment->comment_id());
    request.set_etag(comment->etag());
    request.set_body(NewBody());
    request.set_change_id(RandomUuid());
    v1::EditCommentResponse answer;
    bool late = false;
    if (Ask("EditComment", Member(), request, &Stub::EditComment, answer, &late)) {
      Tell(Event::kCommentEdited, answer.receipt().number(), request.comment_id(), request.body(),
           false);
      Learn(answer.comment());
      return ReadBack(answer.comment(), answer.consistency_token());
    }
    if (late) Reread(*comment);
  }

  void RemoveOwn() {
    Comment* const comment = PickOwn();
    if (comment == nullptr) return Post();
    v1::RemoveCommentRequest request;
    request.set_invoice_id(comment->invoice_id());
    request.set_comment_id(comment->comment_id());
    request.set_etag(comment->etag());
    request.set_reason("taken back");
    request.set_change_id(RandomUuid());
    v1::RemoveCommentResponse answer;
    bool late = false;
    if (Ask("RemoveComment", Member(), request, &Stub::RemoveComment, answer, &late)) {
      Forget(request.comment_id());
      return Gone(Event::kCommentRemoved, answer);
    }
    if (late) Reread(*comment);
  }

  void RemoveAny() {
    const Comment comment = told_.Any(thread_->org_id, random_());
    if (comment.comment_id().empty()) return;
    PointAt(comment);
    v1::RemoveCommentRequest request;
    request.set_invoice_id(comment.invoice_id());
    request.set_comment_id(comment.comment_id());
    request.set_change_id(RandomUuid());
    v1::RemoveCommentResponse answer;
    if (Ask("RemoveComment", Admin(), request, &Stub::RemoveComment, answer)) {
      Gone(Event::kCommentRemoved, answer);
    }
  }

  void EraseAny() {
    const Comment comment = told_.Any(thread_->org_id, random_());
    if (comment.comment_id().empty()) return;
    PointAt(comment);
    v1::EraseCommentRequest request;
    request.set_invoice_id(comment.invoice_id());
    request.set_comment_id(comment.comment_id());
    request.set_reason("a number that was not to be written");
    request.set_change_id(RandomUuid());
    v1::EraseCommentResponse answer;
    if (Ask("EraseComment", Admin(), request, &Stub::EraseComment, answer)) {
      Gone(Event::kCommentErased, answer);
    }
  }

  template <class Response>
  void Gone(Event::KindCase kind, const Response& answer) {
    EXPECT_TRUE(answer.comment().has_removal());
    EXPECT_EQ(answer.comment().body(), "");
    // One that is gone already was made so by another change, or by this one's lost first attempt.
    Tell(kind, answer.receipt().number(), answer.comment().comment_id(), "", answer.replayed());
    ReadBack(answer.comment(), answer.consistency_token());
  }

  template <class Request, class Response>
  void Settle(std::string_view what, Event::KindCase kind,
              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    Request request;
    request.set_invoice_id(thread_->invoice_id);
    request.set_change_id(RandomUuid());
    if (random_() % 3 == 0) {
      request.mutable_comment()->set_comment_id(RandomUuid());
      request.mutable_comment()->set_body(NewBody());
    }
    Response answer;
    if (!Ask(what, Member(), request, method, answer)) return;
    // A thread that is in that state already is not settled again: the receipt is then that of what
    // was said with it, or there is none.
    if (request.has_comment()) {
      EXPECT_EQ(answer.comment().comment_id(), request.comment().comment_id());
      told_.Said(thread_->org_id, thread_->invoice_id, request.comment().comment_id(),
                 request.comment().body());
    }
    if (answer.has_receipt()) {
      told_.Settled(thread_->org_id, kind, answer.receipt().number(), thread_->invoice_id,
                    request.comment().comment_id());
    }
    if (!reads_back_) return;
    v1::GetThreadRequest read;
    read.set_invoice_id(thread_->invoice_id);
    read.set_at_least_as_fresh(answer.consistency_token());
    v1::GetThreadResponse thread;
    ++replica_;
    if (!Ask("GetThread", Member(), read, &Stub::GetThread, thread)) return;
    EXPECT_GE(thread.thread().revision(), answer.thread().revision()) << "stale";
  }

  // Somebody was faster: what is there by now is newer than what the changer knew.
  void Reread(const Comment& known) {
    v1::GetCommentRequest request;
    request.set_invoice_id(known.invoice_id());
    request.set_comment_id(known.comment_id());
    v1::GetCommentResponse answer;
    if (!Ask("GetComment", Member(), request, &Stub::GetComment, answer)) return;
    EXPECT_NE(answer.comment().etag(), known.etag());
    EXPECT_TRUE(IsNewerOrSame(answer.comment(), known));
    Learn(answer.comment());
  }

  // By the token of the change, around the comment, through another replica.
  void ReadBack(const Comment& told, const std::string& token) {
    if (!reads_back_) return;
    v1::ListCommentsRequest request;
    request.set_invoice_id(told.invoice_id());
    request.set_around_comment_id(told.comment_id());
    request.set_page_size(kPageSize);
    request.set_at_least_as_fresh(token);
    v1::ListCommentsResponse page;
    ++replica_;
    if (!Ask("ListComments", Member(), request, &Stub::ListComments, page)) return;
    bool found = false;
    for (const Comment& comment : page.comments()) {
      if (comment.comment_id() != told.comment_id()) continue;
      found = true;
      EXPECT_TRUE(IsNewerOrSame(comment, told)) << "stale: " << comment.ShortDebugString();
    }
    EXPECT_TRUE(found) << told.comment_id();
  }

  const std::string& Member() { return members_[thread_->org_id]; }
  const std::string& Admin() { return admins_[thread_->org_id]; }

  Changers& all_;
  ChangersDoor& door_;
  ToldChanges& told_;
  const int number_;
  std::mt19937 random_;
  std::map<std::string, std::string> members_, admins_;
  std::map<std::string, std::vector<Comment>> own_;
  const ChangedThread* thread_ = nullptr;
  std::size_t replica_ = 0;
  bool reads_back_ = false;
  int said_ = 0;
};

Changers::Changers(ChangersDoor& door, std::vector<ChangedThread> threads, int changers,
                   unsigned seed, std::size_t replicas, ToldChanges& told)
    : door_(door), targets_(std::move(threads)), replicas_(replicas), told_(told) {
  for (int i = 0; i < changers; ++i) {
    threads_.emplace_back(
        [this, i, seed] { Changer(*this, i, seed + static_cast<unsigned>(i)).Run(); });
  }
}

Changers::~Changers() { Stop(); }

void Changers::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace marginalia
