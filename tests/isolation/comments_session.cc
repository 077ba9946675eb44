#include "tests/isolation/comments_session.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using comments::v1::WatchEventsRequest;

constexpr std::size_t kWatchedEventsMax = 20;
const absl::Time kImportsFrom = absl::FromUnixSeconds(1'600'000'000);

std::string CommentId(int number) {
  return absl::StrFormat("%08x-1111-4000-8000-%012x",
                         static_cast<std::uint32_t>(number) * 2'654'435'761U, number);
}

Caller CallerOf(const std::string& org_id) {
  return {.org_id = org_id, .user_id = "dana", .display_name = "Dana", .role = Role::kAdmin};
}

// Takes an answer to be described later, on the main thread.
template <class T>
Answer<T> Into(Operation& operation, std::function<void()> answered,
               std::function<std::string(const absl::StatusOr<T>&)> describe) {
  return [&operation, answered = std::move(answered),
          describe = std::move(describe)](absl::StatusOr<T> answer) {
    operation.describe = [describe, answer = std::move(answer)] { return describe(answer); };
    answered();
  };
}

// The events of a watch, or how it was refused; the request id among the details is of each call.
struct Watched {
  bool begun = false;
  std::vector<comments::v1::Event> events;
  absl::Status end;

  std::string Refusal() const {
    std::string text = absl::StrCat(end.code(), " ", end.message(), " ", ReasonOf(end));
    for (const FieldViolation& violation : FieldViolationsOf(end)) {
      absl::StrAppend(&text, " ", violation.field, " ", violation.description);
    }
    return text;
  }
};

// `count` events, or without them the first checkpoint.
Watched ReadWatch(WatchStream stream, std::size_t count) {
  Watched watched;
  if (count > 0) {
    watched.events = stream.Events(count);
    watched.begun = !watched.events.empty();
    // A message may hold more.
    watched.events.resize(std::min(count, watched.events.size()));
  } else {
    watched.begun = stream.Next().has_value();
  }
  if (watched.begun) stream.Cancel();
  watched.end = stream.End();
  return watched;
}

}  // namespace

CommentsSession::CommentsSession(CommentsWorld& world, const std::string& org_id,
                                 std::uint64_t seed)
    : TenantSession(seed),
      world_(world),
      caller_(CallerOf(org_id)),
      client_(world.As(caller_)),
      memory_(org_id) {}

std::string CommentsSession::AnyInvoice() {
  const int invoice = Below(kInvoices + 4);
  const int form = Below(8);
  if (form == 0) return "no invoice";
  return form < 3 ? InvoiceNumber(invoice) : InvoiceId(invoice);
}

std::string CommentsSession::OwnInvoice() {
  while (true) {
    const int invoice = InvoiceOf(caller_.org_id, Below(kInvoices));
    if (invoice >= 0) return InvoiceId(invoice);
  }
}

std::string CommentsSession::AnyCommentId() { return CommentId(Below(next_comment_ + 200)); }

int CommentsSession::AnyPageSize() {
  constexpr int kSizes[] = {0, 1, 2, 3, 3, 4, 5, 8, 12, -1};
  return Below(100) == 0 ? 150 : kSizes[Below(10)];
}

std::string CommentsSession::AnyToken(const Keepsakes& own, const Keepsakes* of_another) {
  const int choice = Below(4);
  if (choice == 0) return "";
  if (choice == 1) return Foreign(of_another);
  const std::uint64_t number = Number();
  return own.empty() ? "" : own.Any(number);
}

TenantSession::Round CommentsSession::Plan() {
  Round round;
  // An invoice that the service has not seen yet is looked up, and its write would be overtaken by
  // others: so the first round gets to know them, and later ones try unknown ones one by one.
  if (next_comment_ == 0) {
    for (int number = 0; number < kInvoices; ++number) {
      const int invoice = InvoiceOf(caller_.org_id, number);
      if (invoice >= 0) round.one_by_one.push_back(AddNew(InvoiceId(invoice)));
    }
    return round;
  }
  for (int i = 0; i < kCommentsOneByOne; ++i) {
    const int choice = Below(64);
    round.one_by_one.push_back(choice < 20   ? MarkRead()
                               : choice < 40 ? AddNew(AnyInvoice())
                               : choice < 60 ? Import(AnyInvoice())
                               : choice < 63 ? Watch()
                                             : Verify());
  }
  for (int i = 0; i < kCommentsWrites; ++i) {
    const int choice = Below(100);
    round.writes.push_back(choice < 70   ? AddNew(OwnInvoice())
                           : choice < 85 ? AddAgain()
                           : choice < 94 ? Import(OwnInvoice())
                                         : AddWrong());
  }
  for (int i = 0; i < kCommentsReads; ++i) {
    const int choice = Below(100);
    round.reads.push_back(choice < 45   ? ListThread()
                          : choice < 85 ? Get()
                          : choice < 90 ? ListRecent()
                          : choice < 93 ? ListMentions()
                          : choice < 97 ? GetReadStates()
                          : choice < 98 ? SearchAuthors()
                                        : ListAudit());
  }
  return round;
}

Operation CommentsSession::Add(std::string asked, NewComment comment) {
  absl::StrAppend(&asked, " ", comment.invoice_id, " ", comment.comment_id, " ", comment.body);
  return {.asked = std::move(asked),
          .start =
              [this, comment](Operation& self, std::function<void()> answered) {
                world_.comments().Add(
                    Call(), comment,
                    Into<AddedComment>(self, std::move(answered), [this](const auto& added) {
                      return memory_.Describe(added);
                    }));
              },
          .describe = nullptr};
}

Operation CommentsSession::AddNew(std::string invoice) {
  NewComment comment{std::move(invoice), CommentId(next_comment_++),
                     absl::StrCat(caller_.org_id, " says ", Below(1000))};
  // Everybody of both tenants is called so.
  if (Below(8) == 0) comment.mentions = {caller_.user_id};
  return Add("AddComment", std::move(comment));
}

// An id that was used before, for what may or may not be the same comment.
Operation CommentsSession::AddAgain() {
  auto known = memory_.written().lower_bound(AnyCommentId());
  if (known == memory_.written().end()) known = memory_.written().begin();
  const auto& [comment_id, written] = *known;
  const std::string body = Below(3) == 0 ? "Something else." : written.body;
  return Add("AddComment again",
             {Below(3) == 0 ? OwnInvoice() : written.invoice_id, comment_id, body});
}

Operation CommentsSession::AddWrong() {
  const bool bad_id = Below(2) == 0;
  return Add("AddComment wrong",
             {OwnInvoice(), bad_id ? "not an id" : CommentId(1), bad_id ? "a" : " "});
}

// Some of them new, some perhaps there already.
Operation CommentsSession::Import(std::string invoice) {
  NewImport import{.invoice_id = std::move(invoice), .comments = {}};
  std::string asked = absl::StrCat("ImportComments ", import.invoice_id);
  for (int i = 0, count = 1 + Below(4); i < count; ++i) {
    Comment comment;
    comment.comment_id = Below(5) == 0 ? AnyCommentId() : CommentId(next_comment_++);
    comment.author = {"old", "Old Hand"};
    comment.body = absl::StrCat("imported ", Below(10));
    comment.create_time = kImportsFrom + absl::Seconds(++import_seconds_);
    absl::StrAppend(&asked, " ", comment.comment_id);
    import.comments.push_back(std::move(comment));
  }
  return {
      .asked = std::move(asked),
      .start =
          [this, import](Operation& self, std::function<void()> answered) {
            world_.imports().Import(
                Call(), import,
                Into<ImportOutcome>(self, std::move(answered), [this, import](const auto& outcome) {
                  return memory_.Describe(outcome, import);
                }));
          },
      .describe = nullptr};
}

Operation CommentsSession::ListThread() {
  const std::string invoice = AnyInvoice();
  const int page_size = AnyPageSize();
  const std::string token =
      AnyToken(Below(8) == 0 ? memory_.any_thread_tokens : memory_.thread_tokens[invoice],
               other_ == nullptr ? nullptr : &other_->any_thread_tokens);
  return {.asked = absl::StrCat("ListComments ", invoice, " ", page_size),
          .start =
              [=, this](Operation& self, std::function<void()> answered) {
                const auto describe = [this, invoice](const absl::StatusOr<EncodedPage>& page) {
                  return memory_.Describe(page, Below(2) == 0 ? memory_.any_thread_tokens
                                                              : memory_.thread_tokens[invoice]);
                };
                world_.listing().ListThread(Call(), {invoice, page_size, token},
                                            Into<EncodedPage>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::ListRecent() {
  const int page_size = AnyPageSize();
  const std::string token =
      AnyToken(memory_.recent_tokens, other_ == nullptr ? nullptr : &other_->recent_tokens);
  return {.asked = absl::StrCat("ListRecentComments ", page_size),
          .start =
              [=, this](Operation& self, std::function<void()> answered) {
                const auto describe = [this](const absl::StatusOr<EncodedPage>& page) {
                  return memory_.Describe(page, memory_.recent_tokens);
                };
                world_.recent().List(Call(), {page_size, token, false},
                                     Into<EncodedPage>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::ListMentions() {
  const int page_size = AnyPageSize();
  return {.asked = absl::StrCat("ListRecentComments mentioning me ", page_size),
          .start =
              [=, this](Operation& self, std::function<void()> answered) {
                const auto describe = [this](const absl::StatusOr<EncodedPage>& page) {
                  return memory_.Describe(page, memory_.mention_tokens);
                };
                world_.recent().List(Call(), {page_size, "", true},
                                     Into<EncodedPage>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::MarkRead() {
  const std::string invoice = AnyInvoice();
  const int sequence = Below(40);
  return {.asked = absl::StrCat("MarkThreadRead ", invoice, " ", sequence),
          .start =
              [=, this](Operation& self, std::function<void()> answered) {
                const auto describe = [this](const absl::StatusOr<ReadState>& state) {
                  return memory_.Describe(state);
                };
                world_.read_states().Mark(Call(), invoice, sequence,
                                          Into<ReadState>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::GetReadStates() {
  std::vector<std::string> invoices;
  for (int i = 0, count = 1 + Below(10); i < count; ++i) invoices.push_back(AnyInvoice());
  return {.asked = absl::StrCat("BatchGetReadStates ", invoices.size()),
          .start =
              [=, this](Operation& self, std::function<void()> answered) {
                using States = std::vector<ReadState>;
                const auto describe = [this](const absl::StatusOr<States>& states) {
                  return memory_.Describe(states);
                };
                world_.read_states().Get(Call(), invoices,
                                         Into<States>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::SearchAuthors() {
  return {.asked = "SearchAuthors",
          .start =
              [this](Operation& self, std::function<void()> answered) {
                using Authors = std::vector<Author>;
                const auto describe = [this](const absl::StatusOr<Authors>& authors) {
                  return memory_.Describe(authors);
                };
                world_.authors().Find(Call(), "", 0,
                                      Into<Authors>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::ListAudit() {
  AuditPageRequest request{.page_size = AnyPageSize(), .page_token = "", .filter = {}};
  // A token is bound to its filters: those that are kept are of the listing without any.
  const bool filtered = Below(3) == 0;
  if (filtered) {
    request.filter.invoice_id = AnyInvoice();
    request.filter.actor_id = Below(2) == 0 ? "dana" : "old";
  } else {
    request.page_token =
        AnyToken(memory_.audit_tokens, other_ == nullptr ? nullptr : &other_->audit_tokens);
  }
  return {.asked = absl::StrCat("ListAuditEntries ", request.page_size, " ",
                                request.filter.invoice_id, " ", request.filter.actor_id),
          .start =
              [this, request, filtered](Operation& self, std::function<void()> answered) {
                const auto describe = [this, filtered](const absl::StatusOr<AuditPage>& page) {
                  return memory_.Describe(page, filtered ? nullptr : &memory_.audit_tokens);
                };
                world_.audit().List(Call(), request,
                                    Into<AuditPage>(self, std::move(answered), describe));
              },
          .describe = nullptr};
}

Operation CommentsSession::Get() {
  const std::string comment_id = AnyCommentId();
  const auto known = memory_.written().find(comment_id);
  const bool elsewhere = Below(5) == 0 || known == memory_.written().end();
  const std::string invoice = elsewhere ? AnyInvoice() : known->second.invoice_id;
  return {.asked = absl::StrCat("GetComment ", invoice, " ", comment_id),
          .start =
              [this, invoice, comment_id](Operation& self, std::function<void()> answered) {
                world_.comments().Get(
                    Call(), invoice, comment_id,
                    Into<Comment>(self, std::move(answered), [this](const auto& comment) {
                      return memory_.Describe(comment);
                    }));
              },
          .describe = nullptr};
}

Operation CommentsSession::Verify() {
  return {.asked = "VerifyAuditLog",
          .start =
              [this](Operation& self, std::function<void()> answered) {
                world_.verifier().Verify(
                    Call(), "",
                    Into<AuditVerdict>(self, std::move(answered), [this](const auto& verdict) {
                      return memory_.Describe(verdict);
                    }));
              },
          .describe = nullptr};
}

// Reads as many events as must follow; any of the other tenant would be among them. How many match
// an invoice is not known here: of such a watch only the beginning is looked at.
Operation CommentsSession::Watch() {
  WatchEventsRequest request;
  std::size_t from = 0;
  const int choice = Below(4);
  const std::uint64_t number = Number();
  const auto& resume_points = memory_.resume_points();
  if (choice == 0) {
    request.set_after_token(Foreign(other_ == nullptr ? nullptr : &other_->consistency_tokens));
  } else if (choice == 1 || resume_points.empty()) {
    request.set_from_beginning(true);
  } else {
    const auto& [token, events] = resume_points[number % resume_points.size()];
    request.set_after_token(token);
    from = events;
  }
  if (Below(3) == 0) request.set_invoice_id(AnyInvoice());
  const bool whole = choice != 0 && request.invoice_id().empty();
  const std::size_t count = whole ? std::min(memory_.event_count() - from, kWatchedEventsMax) : 0;
  return {.asked = absl::StrCat("WatchEvents ", choice, " ", request.invoice_id(), " ", from),
          .start =
              [this, request, count](Operation& self, std::function<void()> answered) {
                const Watched watched = ReadWatch(client_.Watch(request), count);
                self.describe = [this, watched] {
                  return watched.begun ? memory_.Describe(watched.events) : watched.Refusal();
                };
                answered();
              },
          .describe = nullptr};
}

}  // namespace marginalia
