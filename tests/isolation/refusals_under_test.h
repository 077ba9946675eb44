// Two tenants at the real processes, one of which asks for what is the other's. What belongs to
// another tenant is refused like what nobody has, byte for byte: the two requests differ only in
// the id or token, the one being the other tenant's and the other made up, of the same length; so
// may the answers, where they repeat what was asked for.
#ifndef MARGINALIA_TESTS_ISOLATION_REFUSALS_UNDER_TEST_H_
#define MARGINALIA_TESTS_ISOLATION_REFUSALS_UNDER_TEST_H_

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/support/database_under_test.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {

// A request by gRPC or HTTP, with the id or token left open.
struct Rpc {
  std::string name;
  std::string foreign;
  std::string made_up;
  std::function<grpc::Status(grpc::ClientContext& context, const std::string& value)> call;
};

struct Request {
  std::string name;
  std::string foreign;
  std::string made_up;
  std::function<HttpAnswer(HttpClient& client, const std::string& value)> send;
};

// What a tenant has, by which another one could try to find it.
struct Belongings {
  std::string invoice_id;
  std::string number;
  std::string comment_id;
  std::string consistency_token;
  std::string thread_page_token;
  std::string recent_page_token;
  std::string audit_page_token;
  std::string invoices_page_token;
};

// The last four digits, hexadecimal ones in a UUID, are others.
std::string MadeUp(std::string value);
// A token that looks like one and was never given out.
std::string MadeUpToken(const std::string& like);

class RefusalsUnderTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override;

  // Of the tenant that asks.
  std::string Token(const std::string& role = "admin") const;
  HttpClient::Headers Headers() const;

  void ExpectAlike(const Rpc& rpc, const std::string& token, grpc::StatusCode code);
  void ExpectAlike(const Request& request, int status);

  ThreeProcesses processes_{
      {.comments_url = NewDatabaseUrl(GetParam()), .invoices_url = NewDatabaseUrl(GetParam())}};
  Belongings mine_;
  Belongings theirs_;

 private:
  void Prepare(grpc::ClientContext& context, const std::string& token) const;
  // Runs a call that must succeed.
  template <class Call>
  void Must(const std::string& token, Call call);
  Belongings Fill(const std::string& org, const std::string& number);
  void FillTokens(const std::string& token, Belongings& has);
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ISOLATION_REFUSALS_UNDER_TEST_H_
