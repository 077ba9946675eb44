// The routes of the record: texts that others' tools read, for admins only.
#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"
#include "tests/gateway/gateway_fixture.h"

namespace marginalia {
namespace {

namespace json = boost::json;

class AuditApiTest : public GatewayFixture {
 protected:
  AuditApiTest() {
    StartGateway();
    AwaitReady();
  }

  HttpAnswer GetAsAdmin(const std::string& target, const std::string& tag = "") {
    HttpClient::Headers headers = As("alex", "admin");
    if (!tag.empty()) headers.emplace_back("If-None-Match", tag);
    return Get(target, headers);
  }
  // Of a plain text that is not to be kept without asking again.
  void ExpectText(const HttpAnswer& answer, const std::string& text) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, text);
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain; charset=utf-8");
    EXPECT_EQ(answer.headers.at("cache-control"), "private, no-cache");
  }
  // The field that an answer of 400 names.
  std::string FieldOf(const std::string& target) {
    const HttpAnswer answer = GetAsAdmin(target);
    EXPECT_EQ(answer.status, 400) << target << answer.body;
    const json::value problem = Json(answer);
    if (!problem.as_object().contains("errors")) return "";
    return std::string(problem.at_pointer("/errors/0/field").as_string());
  }
};

TEST_F(AuditApiTest, ACheckpointIsANoteInPlainText) {
  const HttpAnswer newest = GetAsAdmin("/api/audit/checkpoint");
  ExpectText(newest, "origin\n7\nroot\n\n\u2014 key signature\n");
  EXPECT_EQ(GetAsAdmin("/api/audit/checkpoint", newest.headers.at("etag")).status, 304);
}

TEST_F(AuditApiTest, AProofIsOfTheSizeThatIsAskedForOrOfTheNewest) {
  const HttpAnswer proof = GetAsAdmin("/api/audit/proof?number=3&size=7");
  ExpectText(proof, "proof of 3 in 7\n");
  ExpectText(GetAsAdmin("/api/audit/proof?number=3"), "proof of 3 in 0\n");
  const std::string tag = proof.headers.at("etag");
  EXPECT_EQ(GetAsAdmin("/api/audit/proof?number=3&size=7", tag).status, 304);
  EXPECT_EQ(GetAsAdmin("/api/audit/proof?number=4&size=7", tag).status, 200);
}

TEST_F(AuditApiTest, AConsistencyProofIsWhatAWitnessTakes) {
  ExpectText(GetAsAdmin("/api/audit/consistency?first=3&second=7"),
             "old 3\n"
             "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
             "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n"
             "\n"
             "checkpoint of 7\n");
  EXPECT_EQ(GetAsAdmin("/api/audit/consistency?first=0").status, 200);
}

TEST_F(AuditApiTest, WhatIsNoNumberOfEntriesIsNamed) {
  EXPECT_EQ(FieldOf("/api/audit/proof"), "number");
  EXPECT_EQ(FieldOf("/api/audit/proof?size=7"), "number");
  EXPECT_EQ(FieldOf("/api/audit/consistency?second=7"), "first");
  for (const char* bad : {"", "x", "-1", "+1", "1.0", "0x1", "%201", "1%00", "1e3", "%",
                          "9999999999999999999", "1&size=0", "1&size=", "1&size=2&size=2"}) {
    const std::string target = absl::StrCat("/api/audit/proof?number=", bad);
    const std::string field = FieldOf(target);
    EXPECT_EQ(field, std::string(bad).find("size") == std::string::npos ? "number" : "size")
        << target;
  }
  EXPECT_EQ(FieldOf("/api/audit/consistency?first=1&second=0"), "second");
  EXPECT_EQ(FieldOf("/api/audit/consistency?first=1&first=1"), "first");
}

TEST_F(AuditApiTest, WhatTheServiceRefusesIsToldAsItIs) {
  for (const char* target :
       {"/api/audit/checkpoint", "/api/audit/proof?number=1", "/api/audit/consistency?first=1"}) {
    for (const char* role : {"viewer", "member"}) {
      const HttpAnswer refused = Get(target, As("dana", role));
      EXPECT_EQ(refused.status, 403) << target;
      EXPECT_EQ(ReasonOfProblem(refused), "ROLE_TOO_LOW");
    }
    EXPECT_EQ(Get(target, {}).status, 401) << target;
    comments_->FailNext(Refusal(absl::StatusCode::kOutOfRange, "TREE_TOO_SMALL", "only 7"));
    const HttpAnswer small = GetAsAdmin(target);
    EXPECT_EQ(small.status, 400);
    EXPECT_EQ(ReasonOfProblem(small), "TREE_TOO_SMALL");
  }
  comments_->FailNext(
      Refusal(absl::StatusCode::kFailedPrecondition, "NO_CHECKPOINT_KEY", "there is no key"));
  EXPECT_EQ(ReasonOfProblem(GetAsAdmin("/api/audit/checkpoint")), "NO_CHECKPOINT_KEY");
  EXPECT_EQ(Post("/api/audit/checkpoint", "{}", As("alex", "admin")).status, 405);
}

}  // namespace
}  // namespace marginalia
