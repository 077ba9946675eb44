// What the tests of abuse share: the three real processes, once for all tests of the executable,
// each test having tenants of its own; ways to send any bytes; and tokens of any kind, signed with
// the very key that the processes trust.
#ifndef MARGINALIA_TESTS_ABUSE_ABUSE_TEST_H_
#define MARGINALIA_TESTS_ABUSE_ABUSE_TEST_H_

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/http_client.h"
#include "tests/support/three_processes.h"

namespace marginalia {

class AbuseTest : public testing::Test {
 protected:
  AbuseTest();

  // Those of the executable. A test that stops one of them brings its own.
  static ThreeProcesses& processes();
  static std::vector<ProcessUnderTest*> AllProcesses();

  static HttpClient::Headers Bearing(const std::string& token) {
    return {{"Authorization", "Bearer " + token}};
  }
  // Of a person of this test's tenant.
  std::string Token(const std::string& role = "member", const std::string& user = "dana") const {
    return processes().Token(user, role, org_);
  }
  HttpAnswer Get(const std::string& path) { return client_.Get(path, Bearing(Token())); }
  HttpAnswer Post(const std::string& path, const std::string& json) {
    return client_.Post(path, json, Bearing(Token()));
  }
  // How many comments the test's invoice has.
  int CommentCount();

  // All that a new connection to the gateway says to these bytes, until it ends it.
  static std::string Say(std::string_view bytes);
  static int StatusOf(const std::string& answer);

  // What a good token says; change what must be bad.
  boost::json::object GoodHeader() const;
  boost::json::object GoodClaims() const;
  // Signed with the key that the processes trust.
  static std::string Signed(const boost::json::object& header, const boost::json::object& claims);

  static std::string MetricsOf(ProcessUnderTest& process);
  // The value of one line of the metrics; 0 when it is not there.
  static double MetricOf(ProcessUnderTest& process, std::string_view line);

  const std::string org_;
  // Of this test's tenant.
  const std::string invoice_;
  const std::string thread_;
  HttpClient client_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_ABUSE_ABUSE_TEST_H_
