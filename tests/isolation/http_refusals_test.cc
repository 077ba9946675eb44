// Another tenant's ids and tokens through the gateway.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/isolation/refusals_under_test.h"

namespace marginalia {
namespace {

class HttpRefusalsTest : public RefusalsUnderTest {
 protected:
  std::vector<Request> RequestsWithAnInvoice(const std::string& foreign);
  std::vector<Request> RequestsWithAToken();

  // What the browser sends from the page's form.
  std::string FormOf(const std::string& invoice_id) const {
    constexpr char kForm[] = "body=Mine";
    std::string request = absl::StrCat("POST /invoices/", invoice_id, "/comments HTTP/1.1\r\n");
    absl::StrAppend(&request, "Host: localhost\r\nSec-Fetch-Site: same-origin\r\n");
    for (const auto& [name, value] : Headers()) {
      absl::StrAppend(&request, name, ": ", value, "\r\n");
    }
    return absl::StrCat(request, "Content-Type: application/x-www-form-urlencoded\r\n",
                        "Content-Length: ", sizeof(kForm) - 1, "\r\n\r\n", kForm);
  }
};

INSTANTIATE_ON_EVERY_DATABASE(HttpRefusalsTest);

std::vector<Request> HttpRefusalsTest::RequestsWithAnInvoice(const std::string& foreign) {
  const std::string made_up = MadeUp(foreign);
  std::vector<Request> requests = {
      {"POST /api/invoices/$/comments", foreign, made_up,
       [this](HttpClient& client, const std::string& id) {
         return client.Post(absl::StrCat("/api/invoices/", id, "/comments"),
                            absl::StrCat(R"({"id":")", theirs_.comment_id, R"(","body":"Mine?"})"),
                            Headers());
       }},
      {"POST /invoices/$/comments", foreign, made_up,
       [this](HttpClient& client, const std::string& id) { return client.SendRaw(FormOf(id)); }}};
  for (const char* path :
       {"/api/invoices/$", "/api/invoices/$/comments", "/api/invoices/$/events",
        "/api/invoices/$/evidence", "/invoices/$", "/invoices/$/record", "/invoices/$/summary"}) {
    requests.push_back({absl::StrCat("GET ", path), foreign, made_up,
                        [this, path](HttpClient& client, const std::string& id) {
                          return client.Get(absl::StrReplaceAll(path, {{"$", id}}), Headers());
                        }});
  }
  return requests;
}

std::vector<Request> HttpRefusalsTest::RequestsWithAToken() {
  const std::string mine = "/api/invoices/" + mine_.invoice_id;
  const std::vector<std::pair<std::string, std::string>> paths = {
      {mine + "/comments?cursor=", theirs_.thread_page_token},
      {"/api/activity?cursor=", theirs_.recent_page_token},
      {"/api/invoices?cursor=", theirs_.invoices_page_token},
      {"/api/invoices?consistency=", theirs_.consistency_token},
      {mine + "?consistency=", theirs_.consistency_token}};
  std::vector<Request> requests;
  for (const auto& [path, token] : paths) {
    requests.push_back({"GET " + path, token, MadeUpToken(token),
                        [this, path = path](HttpClient& client, const std::string& value) {
                          return client.Get(path + value, Headers());
                        }});
  }
  requests.push_back({"GET events after another's event", theirs_.consistency_token,
                      MadeUpToken(theirs_.consistency_token),
                      [this, mine](HttpClient& client, const std::string& value) {
                        HttpClient::Headers headers = Headers();
                        headers.emplace_back("Last-Event-ID", value);
                        return client.Get(mine + "/events", headers);
                      }});
  return requests;
}

TEST_P(HttpRefusalsTest, AnothersInvoiceIsOneThatDoesNotExist) {
  for (const std::string& invoice : {theirs_.invoice_id, theirs_.number}) {
    for (const Request& request : RequestsWithAnInvoice(invoice)) ExpectAlike(request, 404);
  }
}

TEST_P(HttpRefusalsTest, AnothersTokenIsNone) {
  for (const Request& request : RequestsWithAToken()) ExpectAlike(request, 400);
}

}  // namespace
}  // namespace marginalia
