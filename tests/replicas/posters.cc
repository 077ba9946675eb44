#include "tests/replicas/posters.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tests/faults/history.h"

namespace marginalia {
namespace {

constexpr int kPageSize = 100;

// A poster that is at odds with the services would go on failing.
bool GoOn(const std::atomic<bool>& stopping) { return !stopping && !testing::Test::HasFailure(); }

}  // namespace

Posters::Posters(ReplicaSet& replicas, ReplicaClients& clients, std::vector<Thread> threads,
                 ReplicaHistory& history, PosterCounts counts)
    : replicas_(replicas), clients_(clients), targets_(std::move(threads)), history_(history) {
  for (int i = 0; i < counts.grpc; ++i) posters_.emplace_back([this, i] { PostOverGrpc(i); });
  for (int i = 0; i < counts.http; ++i) posters_.emplace_back([this, i] { PostOverHttp(i); });
}

Posters::~Posters() { Stop(); }

void Posters::Stop() {
  stopping_ = true;
  for (std::thread& poster : posters_) {
    if (poster.joinable()) poster.join();
  }
}

std::map<std::string, std::string> Posters::TokensOf(int poster) const {
  std::map<std::string, std::string> tokens;
  for (const Thread& thread : targets_) {
    tokens[thread.org_id] =
        replicas_.Token(absl::StrCat("poster-", poster), "member", thread.org_id);
  }
  return tokens;
}

Posters::Post Posters::NewPost(const std::map<std::string, std::string>& tokens, int poster,
                               int number) const {
  const std::size_t target =
      number % 2 == 0 ? 0 : static_cast<std::size_t>(number / 2 + poster) % targets_.size();
  const Thread& thread = targets_[target];
  return {.thread = thread,
          .comment_id = RandomUuid(),
          .body = absl::StrCat("comment ", number, " of poster ", poster),
          .token = tokens.at(thread.org_id)};
}

void Posters::PostOverGrpc(int poster) {
  const std::map<std::string, std::string> tokens = TokensOf(poster);
  for (int i = 0; GoOn(stopping_); ++i) {
    const Post post = NewPost(tokens, poster, i);
    const std::size_t replica = static_cast<std::size_t>(i + poster) % replicas_.comments().size();
    comments::v1::AddCommentRequest request;
    request.set_invoice_id(post.thread.invoice_id);
    request.set_comment_id(post.comment_id);
    request.set_body(post.body);
    comments::v1::AddCommentResponse answer;
    if (!clients_.CallComments("AddComment", replica, post.token,
                               [&](CommentsStub& stub, grpc::ClientContext& context) {
                                 return stub.AddComment(&context, request, &answer);
                               })) {
      return;
    }
    const Posted posted{.sequence = answer.comment().sequence(),
                        .number = answer.receipt().number(),
                        .consistency_token = answer.consistency_token()};
    history_.Acknowledge(post.comment_id, {.org_id = post.thread.org_id,
                                           .invoice_id = post.thread.invoice_id,
                                           .body = post.body,
                                           .sequence = posted.sequence,
                                           .number = posted.number,
                                           .via = replicas_.comments()[replica]->name()});
    if (i % 3 == 0) ReadThread(post, posted, replica + 1);
    if (i % 3 == 1) ReadCount(post, posted, static_cast<std::size_t>(i / 3));
  }
}

void Posters::ReadThread(const Post& post, const Posted& posted, std::size_t replica) {
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(post.thread.invoice_id);
  request.set_page_size(kPageSize);
  request.set_at_least_as_fresh(posted.consistency_token);
  comments::v1::ListCommentsResponse page;
  if (!clients_.CallComments("ListComments", replica, post.token,
                             [&](CommentsStub& stub, grpc::ClientContext& context) {
                               return stub.ListComments(&context, request, &page);
                             })) {
    return;
  }
  EXPECT_GE(page.total_size(), posted.sequence) << "stale " << clients_.notice().Describe();
  for (const auto& comment : page.comments()) {
    if (comment.sequence() == posted.sequence) {
      EXPECT_EQ(comment.comment_id(), post.comment_id);
    }
  }
}

void Posters::ReadCount(const Post& post, const Posted& posted, std::size_t replica) {
  invoices::v1::GetInvoiceRequest request;
  request.set_invoice_id(post.thread.invoice_id);
  request.mutable_consistency()->set_at_least_as_fresh(posted.consistency_token);
  invoices::v1::GetInvoiceResponse answer;
  if (!clients_.CallInvoices("GetInvoice", replica, post.token,
                             [&](InvoicesStub& stub, grpc::ClientContext& context) {
                               return stub.GetInvoice(&context, request, &answer);
                             })) {
    return;
  }
  EXPECT_GE(answer.summary().comment_count(), posted.sequence)
      << "stale through invoice-service " << replica << " " << clients_.notice().Describe();
}

void Posters::PostOverHttp(int poster) {
  const std::map<std::string, std::string> tokens = TokensOf(poster);
  auto gateways = clients_.HttpClients();
  for (int i = 0; GoOn(stopping_); ++i) {
    const Post post = NewPost(tokens, poster, i);
    const std::size_t gateway = static_cast<std::size_t>(i + poster) % gateways.size();
    const HttpClient::Headers headers = {{"Authorization", "Bearer " + post.token}};
    const std::string path = "/api/invoices/" + post.thread.invoice_id;
    const std::string json =
        absl::StrCat(R"({"id": ")", post.comment_id, R"(", "body": ")", post.body, R"("})");
    const HttpAnswer posted = clients_.CallGateway(
        "a post over HTTP", gateway, gateways,
        [&](HttpClient& client) { return client.Post(path + "/comments", json, headers); });
    if (posted.status == 0) return;
    const boost::json::value answer = boost::json::parse(posted.body);
    const std::int64_t sequence = answer.at("comment").at("sequence").to_number<std::int64_t>();
    history_.Acknowledge(post.comment_id, {.org_id = post.thread.org_id,
                                           .invoice_id = post.thread.invoice_id,
                                           .body = post.body,
                                           .sequence = sequence,
                                           .via = replicas_.gateways()[gateway]->name()});
    if (i % 2 == 0) continue;
    const std::string fresh =
        absl::StrCat(path, "?consistency=", std::string(answer.at("consistencyToken").as_string()));
    const HttpAnswer invoice =
        clients_.CallGateway("an invoice over HTTP", gateway + 1, gateways,
                             [&](HttpClient& client) { return client.Get(fresh, headers); });
    if (invoice.status == 0) return;
    const boost::json::value read = boost::json::parse(invoice.body);
    EXPECT_GE(read.at("summary").at("commentCount").to_number<std::int64_t>(), sequence)
        << "stale through gateway " << (gateway + 1) % gateways.size() << " "
        << clients_.notice().Describe();
  }
}

}  // namespace marginalia
