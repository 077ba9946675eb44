#include "gateway/http/problem.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "gateway/api/openapi.h"
#include "gateway/upstream/http_fields.h"
#include "services/errors/errors.h"
#include "tests/support/openapi_validator.h"

namespace marginalia {
namespace {

boost::json::value BodyOf(const HttpResponse& response) {
  EXPECT_EQ(OpenApiValidator(OpenApiDocument()).CheckSchema("Problem", response.body), "")
      << response.body;
  return boost::json::parse(response.body);
}

TEST(ProblemTest, EveryCodeHasTheStatusOfItsDefinition) {
  const std::pair<absl::StatusCode, int> expected[] = {
      {absl::StatusCode::kCancelled, 499},          {absl::StatusCode::kUnknown, 500},
      {absl::StatusCode::kInvalidArgument, 400},    {absl::StatusCode::kDeadlineExceeded, 504},
      {absl::StatusCode::kNotFound, 404},           {absl::StatusCode::kAlreadyExists, 409},
      {absl::StatusCode::kPermissionDenied, 403},   {absl::StatusCode::kResourceExhausted, 429},
      {absl::StatusCode::kFailedPrecondition, 400}, {absl::StatusCode::kAborted, 409},
      {absl::StatusCode::kOutOfRange, 400},         {absl::StatusCode::kUnimplemented, 501},
      {absl::StatusCode::kInternal, 500},           {absl::StatusCode::kUnavailable, 503},
      {absl::StatusCode::kDataLoss, 500},           {absl::StatusCode::kUnauthenticated, 401},
  };
  for (const auto& [code, status] : expected) {
    const HttpResponse response = Problem(Refusal(code, "SOME_REASON", "some detail"), "r-1");
    EXPECT_EQ(response.status, status) << static_cast<int>(code);
    EXPECT_EQ(response.content_type, "application/problem+json");
    const boost::json::value body = BodyOf(response);
    EXPECT_EQ(body.at("status").as_int64(), status);
    EXPECT_EQ(body.at("title").as_string(),
              boost::json::string_view(StatusPhrase(status).data(), StatusPhrase(status).size()));
    EXPECT_EQ(body.at("requestId"), "r-1");
    EXPECT_EQ(body.at("reason"), "SOME_REASON");
  }
}

TEST(ProblemTest, AnExpiredCursorIsGoneAndAFullDiskIsInsufficientStorage) {
  EXPECT_EQ(Problem(Refusal(absl::StatusCode::kOutOfRange, "EVENTS_COMPACTED", "gone"), "").status,
            410);
  EXPECT_EQ(Problem(Refusal(absl::StatusCode::kDataLoss, "EVENTS_MISSING", "lost"), "").status,
            410);
  EXPECT_EQ(
      Problem(Refusal(absl::StatusCode::kResourceExhausted, "STORAGE_FULL", "full"), "").status,
      507);
}

TEST(ProblemTest, AStaleTagIsAnsweredWithTheOneThatHoldsNow) {
  const HttpResponse stale =
      Problem(Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH", "stale", {{"etag", "c2"}}), "");
  EXPECT_EQ(stale.status, 412);
  EXPECT_NE(stale.headers.find("ETag: \"c2\"\r\n"), std::string::npos) << stale.headers;
  EXPECT_EQ(Problem(Refusal(absl::StatusCode::kAborted, "ETAG_MISMATCH", "stale"), "")
                .headers.find("ETag"),
            std::string::npos);
}

TEST(ProblemTest, WhatOnlyTheLogMayKnowIsNotTold) {
  for (const auto& status :
       {absl::InternalError("SELECT secret"), absl::UnknownError("/secret/path"),
        absl::NotFoundError("secret, and without a reason")}) {
    const HttpResponse response = Problem(status, "r-1");
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << response.body;
    BodyOf(response);
  }
}

TEST(ProblemTest, TheFieldsOfTheContractHaveTheNamesOfTheHttpApi) {
  const HttpResponse response =
      Problem(WithHttpFieldNames(
                  InvalidFields({{"comment_id", "must be a UUID"}, {"body", "must not be blank"}})),
              "r-1");
  const boost::json::value body = BodyOf(response);
  EXPECT_EQ(body.at("errors"), boost::json::parse(R"([{"field":"id","message":"must be a UUID"},
                                        {"field":"body","message":"must not be blank"}])"));
  EXPECT_EQ(body.at("detail"), "id must be a UUID; body must not be blank");
  EXPECT_EQ(BodyOf(Problem(WithHttpFieldNames(
                               InvalidField("page_token", "is no token", "PAGE_TOKEN_INVALID")),
                           ""))
                .at("errors")
                .at(0)
                .at("field"),
            "cursor");
}

TEST(ProblemTest, RetryAfterIsInWholeSecondsAndNeverEarly) {
  const auto headers = [](absl::Duration retry_after) {
    return Problem(Refusal(absl::StatusCode::kUnavailable, "SOME_REASON", "later", {}, retry_after),
                   "")
        .headers;
  };
  EXPECT_NE(headers(absl::ZeroDuration()).find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(headers(absl::Milliseconds(100)).find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(headers(absl::Milliseconds(2001)).find("Retry-After: 3\r\n"), std::string::npos);
  const auto other = Problem(Refusal(absl::StatusCode::kNotFound, "SOME_REASON", "no"), "").headers;
  EXPECT_EQ(other.find("Retry-After"), std::string::npos);
}

TEST(ProblemTest, WhoHasNoTokenIsAskedForOne) {
  EXPECT_NE(Problem(Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING", "no"), "")
                .headers.find("WWW-Authenticate: Bearer\r\n"),
            std::string::npos);
  EXPECT_NE(Problem(Refusal(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID", "no"), "")
                .headers.find("WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"),
            std::string::npos);
}

TEST(ProblemTest, HostileTextStaysOneJsonString) {
  const std::string hostile = "\"\\\r\n\x01\x7F</script>\xFF\xE2\x80\xA8";
  const HttpResponse response =
      Problem(Refusal(absl::StatusCode::kNotFound, "SOME_REASON", hostile), "r-1");
  BodyOf(response);
  EXPECT_EQ(response.body.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace marginalia
