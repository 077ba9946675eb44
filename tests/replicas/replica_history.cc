#include "tests/replicas/replica_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

using comments::v1::Comment;
using comments::v1::Event;

constexpr std::chrono::minutes kWholeLogMax{2};
constexpr int kPageSize = 100;

// Where a comment stands and what it is: number in its tenant, invoice, comment.
using Row = std::tuple<std::int64_t, std::string, std::string>;

std::set<std::string> OrgsOf(const std::vector<Thread>& threads) {
  std::set<std::string> orgs;
  for (const Thread& thread : threads) orgs.insert(thread.org_id);
  return orgs;
}

// Reads through each replica in turn.
class Reader {
 public:
  Reader(ReplicaSet& replicas, ReplicaClients& clients) : replicas_(replicas), clients_(clients) {}

  std::vector<Comment> WholeThread(const Thread& thread);
  void AddAuditRows(const std::string& org, std::set<Row>& rows);
  std::vector<Event> WholeLog(std::size_t count);
  void CheckAudit(const std::string& org, std::size_t replica, std::int64_t count);
  void CheckProjection(std::size_t replica);
  void CheckCount(const Thread& thread, std::size_t replica, std::int64_t count);

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

void Reader::AddAuditRows(const std::string& org, std::set<Row>& rows) {
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
    for (const Event& event : message.events()) {
      EXPECT_EQ(event.position(), static_cast<std::int64_t>(log.size()) + 1);
      log.push_back(event);
    }
  }
  context.TryCancel();
  stream->Finish();
  return log;
}

void Reader::CheckAudit(const std::string& org, std::size_t replica, std::int64_t count) {
  comments::v1::VerifyAuditLogResponse audit;
  clients_.CallComments("VerifyAuditLog", replica, Token(org),
                        [&](CommentsStub& stub, grpc::ClientContext& context) {
                          return stub.VerifyAuditLog(&context, {}, &audit);
                        });
  EXPECT_TRUE(audit.intact()) << org << ": broken at " << audit.first_broken_number();
  EXPECT_EQ(audit.entry_count(), count) << org;
}

void Reader::CheckProjection(std::size_t replica) {
  invoices::v1::VerifyProjectionResponse projection;
  clients_.CallInvoices("VerifyProjection", replica, replicas_.Token("ops", "service", ""),
                        [&](InvoicesStub& stub, grpc::ClientContext& context) {
                          return stub.VerifyProjection(&context, {}, &projection);
                        });
  EXPECT_GT(projection.threads_checked(), 0);
  EXPECT_EQ(projection.threads_differing(), 0);
}

void Reader::CheckCount(const Thread& thread, std::size_t replica, std::int64_t count) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(thread.invoice_id);
  request.mutable_consistency()->set_fully_consistent(true);
  invoices::v1::GetInvoiceResponse answer;
  clients_.CallInvoices("GetInvoice", replica, Token(thread.org_id),
                        [&](InvoicesStub& stub, grpc::ClientContext& context) {
                          return stub.GetInvoice(&context, request, &answer);
                        });
  EXPECT_EQ(answer.summary().comment_count(), count) << "invoice-service " << replica;
}

// What the log says of each thread and comment.
struct LogState {
  std::map<std::string, Comment> comments;
  std::map<std::string, std::int64_t> count_by_invoice;
  std::map<std::string, std::int64_t> count_by_org;
  std::set<Row> rows;
};

LogState Replay(const std::vector<Event>& log) {
  LogState state;
  for (const Event& event : log) {
    const Comment& comment = event.comment_added().comment();
    const std::int64_t count = ++state.count_by_invoice[comment.invoice_id()];
    ++state.count_by_org[event.org_id()];
    EXPECT_EQ(event.comment_added().thread_comment_count(), count);
    EXPECT_EQ(comment.sequence(), count);
    state.rows.emplace(event.number(), comment.invoice_id(), comment.comment_id());
    EXPECT_TRUE(state.comments.emplace(comment.comment_id(), comment).second)
        << "doubled: " << comment.comment_id();
  }
  return state;
}

void CheckThreads(Reader& reader, const LogState& state, const std::vector<Thread>& threads) {
  std::size_t listed = 0;
  for (const Thread& thread : threads) {
    const std::vector<Comment> comments = reader.WholeThread(thread);
    listed += comments.size();
    const auto count = state.count_by_invoice.find(thread.invoice_id);
    const std::int64_t expected = count == state.count_by_invoice.end() ? 0 : count->second;
    EXPECT_EQ(static_cast<std::int64_t>(comments.size()), expected);
    for (std::size_t i = 0; i < comments.size(); ++i) {
      EXPECT_EQ(comments[i].sequence(), static_cast<std::int64_t>(comments.size() - i));
      const auto found = state.comments.find(comments[i].comment_id());
      ASSERT_NE(found, state.comments.end()) << "a comment without its event";
      EXPECT_EQ(found->second.SerializeAsString(), comments[i].SerializeAsString());
    }
  }
  EXPECT_EQ(listed, state.comments.size());
}

void CheckTold(const std::map<std::string, Told>& told, const LogState& state) {
  for (const auto& [id, of] : told) {
    const auto found = state.comments.find(id);
    ASSERT_NE(found, state.comments.end())
        << "acknowledged through " << of.via << " and lost: " << id;
    EXPECT_EQ(found->second.invoice_id(), of.invoice_id);
    EXPECT_EQ(found->second.body(), of.body);
    EXPECT_EQ(found->second.sequence(), of.sequence);
    if (of.number != 0) {
      EXPECT_TRUE(state.rows.contains({of.number, of.invoice_id, id})) << of.number;
    }
  }
}

}  // namespace

std::vector<Thread> MakeThreads(ReplicaSet& replicas, ReplicaClients& clients,
                                const std::vector<std::string>& orgs, int threads_each) {
  std::vector<Thread> threads;
  std::size_t replica = 0;
  for (const std::string& org : orgs) {
    const std::string token = replicas.Token("dana", "member", org);
    for (int i = 0; i < threads_each; ++i) {
      invoices::v1::CreateInvoiceRequest request;
      auto& invoice = *request.mutable_invoice();
      invoice.set_number(absl::StrCat("INV-", i));
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

void ReplicaHistory::Check(ReplicaSet& replicas, ReplicaClients& clients,
                           const std::vector<Thread>& threads) const {
  const std::lock_guard lock(mutex_);
  Reader reader(replicas, clients);
  std::set<Row> audited;
  for (const std::string& org : OrgsOf(threads)) reader.AddAuditRows(org, audited);
  const LogState state = Replay(reader.WholeLog(audited.size()));
  EXPECT_TRUE(audited == state.rows)
      << audited.size() << " audited, " << state.rows.size() << " announced";
  CheckThreads(reader, state, threads);
  CheckTold(told_, state);
  for (const auto& [org, count] : state.count_by_org) {
    for (std::size_t i = 0; i < replicas.comments().size(); ++i) reader.CheckAudit(org, i, count);
  }
  for (std::size_t i = 0; i < replicas.invoices().size(); ++i) {
    reader.CheckProjection(i);
    for (const Thread& thread : threads) {
      const auto count = state.count_by_invoice.find(thread.invoice_id);
      reader.CheckCount(thread, i, count == state.count_by_invoice.end() ? 0 : count->second);
    }
  }
}

}  // namespace marginalia
