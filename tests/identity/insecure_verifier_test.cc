#include "services/identity/insecure_verifier.h"

#include <gtest/gtest.h>

#include <string>

#include "services/errors/errors.h"

namespace marginalia {
namespace {

TEST(InsecureVerifierTest, WhoeverSendsNoTokenIsAnAdminOfTheTenant) {
  const auto verifier = MakeInsecureVerifier("acme");
  EXPECT_FALSE(verifier->needs_token());
  const auto token = verifier->Verify("");
  ASSERT_TRUE(token.ok());
  EXPECT_EQ((*token)->caller.org_id, "acme");
  EXPECT_EQ((*token)->caller.user_id, "developer");
  EXPECT_EQ((*token)->caller.role, Role::kAdmin);
}

TEST(InsecureVerifierTest, ATokenIsTakenForAUserIdOfTheTenant) {
  const auto token = MakeInsecureVerifier("acme")->Verify("dana@acme.example");
  ASSERT_TRUE(token.ok());
  EXPECT_EQ((*token)->caller.org_id, "acme");
  EXPECT_EQ((*token)->caller.user_id, "dana@acme.example");
}

TEST(InsecureVerifierTest, TheWordServiceIsAMachineOfNoTenant) {
  const auto token = MakeInsecureVerifier("acme")->Verify("service");
  ASSERT_TRUE(token.ok());
  EXPECT_EQ((*token)->caller.org_id, "");
  EXPECT_EQ((*token)->caller.role, Role::kService);
}

TEST(InsecureVerifierTest, WhatIsNoUserIdIsRefused) {
  const auto verifier = MakeInsecureVerifier("acme");
  for (const std::string& token :
       {std::string("a b"), std::string("a\nb"), std::string("<script>"),
        std::string(kInsecureUserCharactersMax + 1, 'a'), std::string(1, '\0')}) {
    const auto verified = verifier->Verify(token);
    ASSERT_FALSE(verified.ok()) << token;
    EXPECT_EQ(verified.status().code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(verified.status()), "TOKEN_INVALID");
  }
}

}  // namespace
}  // namespace marginalia
