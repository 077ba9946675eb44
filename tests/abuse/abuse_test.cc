#include "tests/abuse/abuse_test.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/gateway/raw_connection.h"
#include "tests/identity/forged_token.h"

namespace marginalia {
namespace {

namespace json = boost::json;

class OnceForAllTests : public testing::Environment {
 public:
  void SetUp() override { processes = std::make_unique<ThreeProcesses>(); }
  void TearDown() override { processes.reset(); }

  std::unique_ptr<ThreeProcesses> processes;
};

// GoogleTest owns it.
auto* const environment =
    static_cast<OnceForAllTests*>(testing::AddGlobalTestEnvironment(new OnceForAllTests));

std::string ContentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string PrivateKey() {
  return ContentOf(environment->processes->directory().File("keys/private-key.json"));
}

}  // namespace

AbuseTest::AbuseTest()
    : org_(absl::AsciiStrToLower(testing::UnitTest::GetInstance()->current_test_info()->name())),
      invoice_(processes().NewInvoice("INV-1042", org_)),
      thread_("/api/invoices/" + invoice_ + "/comments"),
      client_(processes().gateway().address()) {}

ThreeProcesses& AbuseTest::processes() { return *environment->processes; }

std::vector<ProcessUnderTest*> AbuseTest::AllProcesses() {
  return {&processes().comments(), &processes().invoices(), &processes().gateway()};
}

int AbuseTest::CommentCount() {
  const HttpAnswer answer = Get(thread_);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.status == 200
             ? static_cast<int>(json::parse(answer.body).at("totalSize").as_int64())
             : -1;
}

std::string AbuseTest::Say(std::string_view bytes) {
  RawConnection connection(processes().gateway().address());
  EXPECT_TRUE(connection.Send(bytes));
  return connection.ReadToEnd();
}

int AbuseTest::StatusOf(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

json::object AbuseTest::GoodHeader() const {
  return {{"alg", "ES256"}, {"kid", json::parse(PrivateKey()).at("kid")}};
}

json::object AbuseTest::GoodClaims() const {
  const std::int64_t now = absl::ToUnixSeconds(absl::Now());
  return {{"iss", "marginalia"}, {"aud", "marginalia"}, {"sub", "dana"}, {"name", "Dana"},
          {"org", org_},         {"role", "member"},    {"iat", now},    {"exp", now + 3600}};
}

std::string AbuseTest::Signed(const json::object& header, const json::object& claims) {
  return SignedToken(json::serialize(header), json::serialize(claims), PrivateKey());
}

std::string AbuseTest::MetricsOf(ProcessUnderTest& process) {
  const std::string line = process.log().WaitFor("\"message\":\"listening\"").value_or("{}");
  const std::string address(json::parse(line).at("metrics_address").as_string());
  return HttpClient(address).Get("/metrics").body;
}

double AbuseTest::MetricOf(ProcessUnderTest& process, std::string_view line) {
  const std::string text = MetricsOf(process);
  const std::string start = absl::StrCat("\n", std::string(line), " ");
  const std::size_t found = text.find(start);
  double value = 0;
  if (found != std::string::npos) {
    const std::size_t begin = found + start.size();
    EXPECT_TRUE(absl::SimpleAtod(text.substr(begin, text.find('\n', begin) - begin), &value));
  }
  return value;
}

}  // namespace marginalia
