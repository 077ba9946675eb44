#include "tests/faults/history.h"

#include <gtest/gtest.h>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <chrono>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "tests/faults/log_model.h"

namespace marginalia {
namespace {

constexpr std::chrono::seconds kAttemptMax{2};
constexpr std::chrono::minutes kProgressMax{1};

// One row of the three-way join, of the one tenant: where it stands, what it is.
using JoinedRow = std::tuple<std::int64_t, std::string, std::string>;  // number, invoice, comment

template <class Call>
void MustSucceed(ThreeProcesses& processes, const std::string& token, Call call) {
  const grpc::Status status = processes.WithOneRetry(token, call);
  ASSERT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
}

std::vector<comments::v1::Comment> WholeThread(ThreeProcesses& processes,
                                               const std::string& invoice) {
  std::vector<comments::v1::Comment> thread;
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice);
  request.set_page_size(100);
  do {
    comments::v1::ListCommentsResponse page;
    MustSucceed(processes, processes.Token("sam", "viewer"), [&](grpc::ClientContext& context) {
      return processes.comments_stub().ListComments(&context, request, &page);
    });
    thread.insert(thread.end(), page.comments().begin(), page.comments().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !testing::Test::HasFatalFailure());
  return thread;
}

std::set<JoinedRow> AuditRows(ThreeProcesses& processes) {
  std::set<JoinedRow> rows;
  comments::v1::ListAuditEntriesRequest request;
  request.set_page_size(100);
  do {
    comments::v1::ListAuditEntriesResponse page;
    MustSucceed(processes, processes.Token("alex", "admin"), [&](grpc::ClientContext& context) {
      return processes.comments_stub().ListAuditEntries(&context, request, &page);
    });
    for (const auto& entry : page.entries()) {
      EXPECT_TRUE(rows.emplace(entry.number(), entry.invoice_id(), entry.comment_id()).second);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !testing::Test::HasFatalFailure());
  return rows;
}

// All events of the log.
std::vector<comments::v1::Event> WholeLog(ThreeProcesses& processes, std::size_t count) {
  std::vector<comments::v1::Event> log;
  grpc::ClientContext context;
  processes.Prepare(context, processes.Token("follower", "service", ""), std::chrono::seconds(60));
  comments::v1::WatchEventsRequest request;
  request.set_from_beginning(true);
  const auto stream = processes.comments_stub().WatchEvents(&context, request);
  comments::v1::WatchEventsResponse message;
  while (log.size() < count && stream->Read(&message)) {
    log.insert(log.end(), message.events().begin(), message.events().end());
  }
  context.TryCancel();
  stream->Finish();
  return log;
}

}  // namespace

std::string RandomUuid() {
  thread_local boost::uuids::random_generator_mt19937 generator;
  return to_string(generator());
}

void History::Acknowledge(const std::string& comment_id, AcknowledgedComment comment) {
  {
    const std::lock_guard lock(mutex_);
    acknowledged_.emplace(comment_id, std::move(comment));
  }
  grown_.notify_all();
}

bool History::AwaitSize(std::size_t count, std::chrono::seconds limit) const {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, limit, [&] { return acknowledged_.size() >= count; });
}

std::size_t History::size() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_.size();
}

void History::Check(ThreeProcesses& processes, const std::vector<std::string>& invoice_ids,
                    const ToldChanges* changes) const {
  const std::lock_guard lock(mutex_);
  std::set<JoinedRow> audited = AuditRows(processes);
  const std::vector<comments::v1::Event> log = WholeLog(processes, audited.size());
  LogModel model;
  for (const comments::v1::Event& event : log) model.Apply(event);
  std::set<JoinedRow> announced;
  std::int64_t number = 0;
  for (const Happened& happened : model.of("northlight")) {
    announced.emplace(++number, happened.invoice_id, happened.comment_id);
  }
  EXPECT_TRUE(audited == announced) << audited.size() << " audited, " << announced.size();

  std::size_t invoices = 0;
  for (const std::string& invoice : invoice_ids) {
    const ModelThread& thread = model.thread(invoice);
    if (thread.events > 0) ++invoices;
    const std::vector<comments::v1::Comment> listed = WholeThread(processes, invoice);
    EXPECT_EQ(listed.size(), thread.comments.size());
    for (const comments::v1::Comment& comment : listed) {
      const auto found = thread.comments.find(comment.comment_id());
      ASSERT_NE(found, thread.comments.end()) << "a comment without its event";
      EXPECT_EQ(found->second.SerializeAsString(), comment.SerializeAsString());
    }
  }
  EXPECT_EQ(invoices, model.threads().size());

  for (const auto& [id, told] : acknowledged_) {
    const ModelThread& thread = model.thread(told.invoice_id);
    const auto found = thread.comments.find(id);
    ASSERT_NE(found, thread.comments.end()) << "acknowledged and lost: " << id;
    EXPECT_EQ(found->second.body(), told.body);
    EXPECT_EQ(found->second.sequence(), told.sequence);
    EXPECT_TRUE(announced.contains({told.number, told.invoice_id, id}));
  }
  if (changes != nullptr) changes->Check(model);

  comments::v1::VerifyAuditLogResponse audit;
  MustSucceed(processes, processes.Token("alex", "admin"), [&](grpc::ClientContext& context) {
    return processes.comments_stub().VerifyAuditLog(&context, {}, &audit);
  });
  EXPECT_TRUE(audit.intact()) << "broken at " << audit.first_broken_number();
  EXPECT_EQ(audit.entry_count(), static_cast<std::int64_t>(audited.size()));

  invoices::v1::VerifyProjectionResponse projection;
  MustSucceed(processes, processes.Token("ops", "service", ""), [&](grpc::ClientContext& context) {
    return processes.invoices_stub().VerifyProjection(&context, {}, &projection);
  });
  EXPECT_EQ(projection.threads_differing(), 0);
  for (const std::string& invoice : invoice_ids) {
    invoices::v1::GetInvoiceRequest request;
    request.set_invoice_id(invoice);
    request.mutable_consistency()->set_fully_consistent(true);
    invoices::v1::GetInvoiceResponse answer;
    MustSucceed(processes, processes.Token("sam", "viewer"), [&](grpc::ClientContext& context) {
      return processes.invoices_stub().GetInvoice(&context, request, &answer);
    });
    const comments::v1::Thread& facts = model.thread(invoice).facts;
    EXPECT_EQ(answer.summary().comment_count(), facts.comment_count());
    EXPECT_EQ(answer.summary().thread_state() == comments::v1::THREAD_STATE_RESOLVED,
              facts.state() == comments::v1::THREAD_STATE_RESOLVED);
  }
}

PostingLoad::PostingLoad(ThreeProcesses& processes, std::vector<std::string> invoice_ids,
                         int threads, History& history)
    : processes_(processes), invoice_ids_(std::move(invoice_ids)), history_(history) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { Post(i); });
}

PostingLoad::~PostingLoad() { Stop(); }

void PostingLoad::Stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void PostingLoad::AwaitMore(std::size_t count) {
  EXPECT_TRUE(history_.AwaitSize(history_.size() + count, kProgressMax))
      << "the load makes no progress";
}

void PostingLoad::Post(int thread) {
  const std::string token = processes_.Token(absl::StrCat("poster-", thread), "member");
  for (int i = 0; !stopping_; ++i) {
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(
        invoice_ids_[static_cast<std::size_t>(i + thread) % invoice_ids_.size()]);
    request.set_comment_id(RandomUuid());
    request.set_body(absl::StrCat("comment ", i, " of poster ", thread));
    const auto until = std::chrono::steady_clock::now() + kProgressMax;
    while (true) {
      grpc::ClientContext context;
      processes_.Prepare(context, token, kAttemptMax);
      comments::v1::AddCommentResponse answer;
      const grpc::Status status = processes_.comments_stub().AddComment(&context, request, &answer);
      if (status.ok()) {
        history_.Acknowledge(request.comment_id(), {.invoice_id = request.invoice_id(),
                                                    .body = request.body(),
                                                    .sequence = answer.comment().sequence(),
                                                    .number = answer.receipt().number()});
        break;
      }
      if (std::chrono::steady_clock::now() > until) {
        ADD_FAILURE() << "never acknowledged: " << status.error_message();
        return;
      }
    }
  }
}

bool PatientDoor::Ask(std::string_view what, std::size_t replica, const std::string& token,
                      const Call& call) {
  const auto until = std::chrono::steady_clock::now() + kProgressMax;
  while (true) {
    grpc::ClientContext context;
    processes_.Prepare(context, token, kAttemptMax);
    const grpc::Status status = call(processes_.comments_stub(), context);
    if (status.ok()) return true;
    const bool passing = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
                         status.error_code() == grpc::StatusCode::CANCELLED;
    if (!passing || std::chrono::steady_clock::now() > until) {
      ADD_FAILURE() << what << ": " << status.error_code() << " " << status.error_message();
      return false;
    }
  }
}

}  // namespace marginalia
