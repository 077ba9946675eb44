#include "tests/replicas/replica_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::Event;

constexpr std::chrono::minutes kWholeLogMax{2};
constexpr int kPageSize = 100;

// Where an entry stands and what it is about: number within the tenant, invoice, comment.
using Row = std::tuple<std::int64_t, std::string, std::string>;

std::set<std::string> OrgsOf(const std::vector<Thread>& threads) {
  std::set<std::string> orgs;
  for (const Thread& thread : threads) orgs.insert(thread.org_id);
  return orgs;
}

// For what compares everything that is stored, which no caller of a page waits for.
void AllowForAllOfIt(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kWholeLogMax);
}

// Reads through each replica in turn.
class Reader {
 public:
  Reader(ReplicaSet& replicas, ReplicaClients& clients) : replicas_(replicas), clients_(clients) {}

  std::vector<Comment> WholeThread(const Thread& thread);
  std::set<Row> AuditRows(const std::string& org);
  std::vector<Event> WholeLog(std::size_t count);
  void CheckAudit(const std::string& org, std::size_t replica, std::int64_t count);
  void CheckProjection(std::size_t replica);
  void CheckSummary(const Thread& thread, std::size_t replica, const comments::v1::Thread& facts);
  // What the thread is, by the service that has it, and what one of its comments has said.
  void CheckThread(const Thread& thread, std::size_t replica, const ModelThread& model);

 private:
  std::string Token(const std::string& org) { return replicas_.Token("alex", "admin", org); }

  ReplicaSet& replicas_;
  ReplicaClients& clients_;
  std::size_t next_ = 0;
};

std::vector<Comment> Reader::WholeThread(const Thread& thread) {
  std::vector<Comment> comments;
  const std::string token = Token(thread.org_id);
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(thread.invoice_id);
  request.set_page_size(kPageSize);
  do {
    comments::v1::ListCommentsResponse page;
    if (!clients_.CallComments("a page of a thread", next_++, token,
                               [&](CommentsStub& stub, grpc::ClientContext& context) {
                                 return stub.ListComments(&context, request, &page);
                               })) {
      break;
    }
    comments.insert(comments.end(), page.comments().begin(), page.comments().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return comments;
}

std::set<Row> Reader::AuditRows(const std::string& org) {
  std::set<Row> rows;
  const std::string token = Token(org);
  comments::v1::ListAuditEntriesRequest request;
  request.set_page_size(kPageSize);
  do {
    comments::v1::ListAuditEntriesResponse page;
    if (!clients_.CallComments("a page of the audit log", next_++, token,
                               [&](CommentsStub& stub, grpc::ClientContext& context) {
                                 return stub.ListAuditEntries(&context, request, &page);
                               })) {
      break;
    }
    for (const auto& entry : page.entries()) {
      EXPECT_TRUE(rows.emplace(entry.number(), entry.invoice_id(), entry.comment_id()).second);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return rows;
}

std::vector<Event> Reader::WholeLog(std::size_t count) {
  std::vector<Event> log;
  grpc::ClientContext context;
  PrepareFor(context, replicas_.Token("follower", "service", ""), kWholeLogMax,
             /*wait_for_ready=*/true);
  comments::v1::WatchEventsRequest request;
  request.set_from_beginning(true);
  const auto stream = clients_.comments(next_++).WatchEvents(&context, request);
  comments::v1::WatchEventsResponse message;
  while (log.size() < count && stream->Read(&message)) {
    log.insert(log.end(), message.events().begin(), message.events().end());
  }
  context.TryCancel();
  stream->Finish();
  return log;
}

void Reader::CheckAudit(const std::string& org, std::size_t replica, std::int64_t count) {
  comments::v1::VerifyAuditLogResponse audit;
  clients_.CallComments("VerifyAuditLog", replica, Token(org),
                        [&](CommentsStub& stub, grpc::ClientContext& context) {
                          AllowForAllOfIt(context);
                          return stub.VerifyAuditLog(&context, {}, &audit);
                        });
  EXPECT_TRUE(audit.intact()) << org << ": broken at " << audit.first_broken_number();
  EXPECT_EQ(audit.entry_count(), count) << org;
}

void Reader::CheckProjection(std::size_t replica) {
  invoices::v1::VerifyProjectionResponse projection;
  clients_.CallInvoices("VerifyProjection", replica, replicas_.Token("ops", "service", ""),
                        [&](InvoicesStub& stub, grpc::ClientContext& context) {
                          AllowForAllOfIt(context);
                          return stub.VerifyProjection(&context, {}, &projection);
                        });
  EXPECT_GT(projection.threads_checked(), 0);
  EXPECT_EQ(projection.threads_differing(), 0);
}

void Reader::CheckSummary(const Thread& thread, std::size_t replica,
                          const comments::v1::Thread& facts) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(thread.invoice_id);
  request.mutable_consistency()->set_fully_consistent(true);
  invoices::v1::GetInvoiceResponse answer;
  clients_.CallInvoices("GetInvoice", replica, Token(thread.org_id),
                        [&](InvoicesStub& stub, grpc::ClientContext& context) {
                          return stub.GetInvoice(&context, request, &answer);
                        });
  EXPECT_EQ(answer.summary().comment_count(), facts.comment_count())
      << "invoice-service " << replica;
  EXPECT_EQ(answer.summary().thread_state() == comments::v1::THREAD_STATE_RESOLVED,
            facts.state() == comments::v1::THREAD_STATE_RESOLVED);
}

void Reader::CheckThread(const Thread& thread, std::size_t replica, const ModelThread& model) {
  comments::v1::GetThreadRequest request;
  request.set_invoice_id(thread.invoice_id);
  comments::v1::GetThreadResponse answer;
  clients_.CallComments("GetThread", replica, Token(thread.org_id),
                        [&](CommentsStub& stub, grpc::ClientContext& context) {
                          return stub.GetThread(&context, request, &answer);
                        });
  if (model.events == 0) return;
  EXPECT_EQ(answer.thread().SerializeAsString(), model.facts.SerializeAsString());
  if (model.comments.empty()) return;
  // Another one at each replica.
  auto comment = model.comments.begin();
  std::advance(comment, (replica * 7) % model.comments.size());
  comments::v1::ListCommentRevisionsRequest list;
  list.set_invoice_id(thread.invoice_id);
  list.set_comment_id(comment->first);
  list.set_page_size(kPageSize);
  comments::v1::ListCommentRevisionsResponse page;
  clients_.CallComments("ListCommentRevisions", replica, Token(thread.org_id),
                        [&](CommentsStub& stub, grpc::ClientContext& context) {
                          return stub.ListCommentRevisions(&context, list, &page);
                        });
  std::vector<std::string> said;
  for (const auto& revision : page.revisions()) said.push_back(revision.body());
  if (page.next_page_token().empty()) {
    EXPECT_EQ(said, model.said.at(comment->first));
  }
}

void CheckThreads(Reader& reader, const LogModel& model, const std::vector<Thread>& threads) {
  std::size_t known = 0;
  for (const Thread& thread : threads) {
    const ModelThread& expected = model.thread(thread.invoice_id);
    if (expected.events > 0) ++known;
    const std::vector<Comment> comments = reader.WholeThread(thread);
    EXPECT_EQ(comments.size(), expected.comments.size());
    for (std::size_t i = 0; i < comments.size(); ++i) {
      EXPECT_EQ(comments[i].sequence(), static_cast<std::int64_t>(comments.size() - i));
      const auto found = expected.comments.find(comments[i].comment_id());
      ASSERT_NE(found, expected.comments.end()) << "a comment without its event";
      EXPECT_EQ(found->second.SerializeAsString(), comments[i].SerializeAsString());
    }
  }
  EXPECT_EQ(known, model.threads().size());
}

void CheckTold(const std::map<std::string, Told>& told, const LogModel& model) {
  for (const auto& [id, of] : told) {
    const ModelThread& thread = model.thread(of.invoice_id);
    const auto found = thread.comments.find(id);
    ASSERT_NE(found, thread.comments.end())
        << "acknowledged through " << of.via << " and lost: " << id;
    EXPECT_EQ(found->second.body(), of.body);
    EXPECT_EQ(found->second.sequence(), of.sequence);
    if (of.number == 0) continue;
    const std::vector<Happened>& log = model.of(of.org_id);
    ASSERT_LE(of.number, static_cast<std::int64_t>(log.size()));
    EXPECT_EQ(log[static_cast<std::size_t>(of.number) - 1].comment_id, id);
  }
}

}  // namespace

std::vector<Thread> MakeThreads(ReplicaSet& replicas, ReplicaClients& clients,
                                const std::vector<std::string>& orgs, int threads_each,
                                const std::string& prefix) {
  std::vector<Thread> threads;
  std::size_t replica = 0;
  for (const std::string& org : orgs) {
    const std::string token = replicas.Token("dana", "member", org);
    for (int i = 0; i < threads_each; ++i) {
      invoices::v1::CreateInvoiceRequest request;
      auto& invoice = *request.mutable_invoice();
      invoice.set_number(absl::StrCat(prefix, i));
      invoice.mutable_customer()->set_name("Acme Corp");
      invoice.set_due_date("2026-06-30");
      invoice.set_currency("USD");
      auto& line = *invoice.add_line_items();
      line.set_description("Design review");
      line.set_amount(480000);
      invoices::v1::CreateInvoiceResponse answer;
      clients.CallInvoices("CreateInvoice", replica++, token,
                           [&](InvoicesStub& stub, grpc::ClientContext& context) {
                             return stub.CreateInvoice(&context, request, &answer);
                           });
      threads.push_back({org, answer.invoice().invoice_id()});
    }
  }
  return threads;
}

void ReplicaHistory::Acknowledge(const std::string& comment_id, Told told) {
  {
    const std::lock_guard lock(mutex_);
    ++count_by_via_[told.via];
    EXPECT_TRUE(told_.emplace(comment_id, std::move(told)).second);
  }
  grown_.notify_all();
}

std::size_t ReplicaHistory::size() const {
  const std::lock_guard lock(mutex_);
  return told_.size();
}

bool ReplicaHistory::AwaitMoreFromEach(const std::vector<std::string>& replicas, int count,
                                       std::chrono::seconds limit) const {
  std::unique_lock lock(mutex_);
  const auto count_of = [this](const std::string& via) {
    const auto found = count_by_via_.find(via);
    return found == count_by_via_.end() ? 0 : found->second;
  };
  std::map<std::string, int> wanted;
  for (const std::string& via : replicas) wanted[via] = count_of(via) + count;
  return grown_.wait_for(lock, limit, [&] {
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const auto& want) { return count_of(want.first) >= want.second; });
  });
}

std::map<std::string, std::int64_t> ReplicaHistory::CountByInvoice() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::int64_t> counts;
  for (const auto& [id, told] : told_) ++counts[told.invoice_id];
  return counts;
}

LogModel ReplicaHistory::ReadLog(ReplicaSet& replicas, ReplicaClients& clients,
                                 const std::vector<Thread>& threads) {
  Reader reader(replicas, clients);
  std::map<std::string, std::set<Row>> audited;
  std::size_t count = 0;
  for (const std::string& org : OrgsOf(threads)) {
    audited[org] = reader.AuditRows(org);
    count += audited[org].size();
  }
  LogModel model;
  for (const Event& event : reader.WholeLog(count)) model.Apply(event);
  for (const auto& [org, entries] : audited) {
    std::set<Row> announced;
    std::int64_t number = 0;
    for (const Happened& happened : model.of(org)) {
      announced.emplace(++number, happened.invoice_id, happened.comment_id);
    }
    EXPECT_TRUE(entries == announced)
        << org << ": " << entries.size() << " audited, " << announced.size() << " announced";
  }
  return model;
}

void ReplicaHistory::Check(ReplicaSet& replicas, ReplicaClients& clients,
                           const std::vector<Thread>& threads) const {
  Check(replicas, clients, threads, ReadLog(replicas, clients, threads));
}

void ReplicaHistory::Check(ReplicaSet& replicas, ReplicaClients& clients,
                           const std::vector<Thread>& threads, const LogModel& model) const {
  const std::lock_guard lock(mutex_);
  Reader reader(replicas, clients);
  CheckThreads(reader, model, threads);
  CheckTold(told_, model);
  for (std::size_t i = 0; i < replicas.comments().size(); ++i) {
    for (const std::string& org : OrgsOf(threads)) {
      reader.CheckAudit(org, i, static_cast<std::int64_t>(model.of(org).size()));
    }
    for (const Thread& thread : threads) {
      reader.CheckThread(thread, i, model.thread(thread.invoice_id));
    }
  }
  for (std::size_t i = 0; i < replicas.invoices().size(); ++i) {
    reader.CheckProjection(i);
    for (const Thread& thread : threads) {
      reader.CheckSummary(thread, i, model.thread(thread.invoice_id).facts);
    }
  }
}

}  // namespace marginalia
