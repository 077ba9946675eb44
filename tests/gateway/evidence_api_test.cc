// A thread's evidence as a download: it goes through as it comes, and what is short is never taken
// for whole.
#include "absl/strings/str_cat.h"
#include "comments-service/record/evidence.h"
#include "services/errors/errors.h"
#include "tests/gateway/gateway_fixture.h"
#include "tests/record/evidence_under_test.h"

namespace marginalia {
namespace {

class EvidenceApiTest : public GatewayFixture {
 protected:
  EvidenceApiTest() {
    comments_->AddInvoice(kOrg, kInvoiceId, kInvoiceNumber);
    StartGateway();
    AwaitReady();
  }

  static std::string AddressOf(const std::string& invoice) {
    return absl::StrCat("/api/invoices/", invoice, "/evidence");
  }
  static std::string HeaderOf(const HttpAnswer& answer, const std::string& name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? "" : found->second;
  }

  const std::string file_ = WriteEvidence(MakeEvidence().evidence);
};

TEST_F(EvidenceApiTest, TheFileComesAsItIsUnderASafeName) {
  for (const std::size_t piece_bytes : {std::size_t{1000}, file_.size(), file_.size() - 1}) {
    comments_->SetEvidence(file_, piece_bytes);
    const HttpAnswer answer = Get(AddressOf(kInvoiceNumber));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, file_);
    EXPECT_EQ(HeaderOf(answer, "content-length"), std::to_string(file_.size()));
    EXPECT_EQ(HeaderOf(answer, "content-type"), "application/json");
    EXPECT_EQ(HeaderOf(answer, "content-disposition"),
              "attachment; filename=\"INV-1042.evidence.json\"");
    EXPECT_EQ(HeaderOf(answer, "cache-control"), "private, no-store");
  }
  const std::string odd = "..a/b:c_d";
  comments_->AddInvoice(kOrg, odd);
  EXPECT_EQ(HeaderOf(Get(AddressOf("..a%2Fb:c_d")), "content-disposition"),
            "attachment; filename=\"-.a-b-c_d.evidence.json\"");
}

TEST_F(EvidenceApiTest, HeadSaysHowLongItIs) {
  comments_->SetEvidence(file_, 1000);
  const HttpAnswer head = client_->SendRaw(
      absl::StrCat("HEAD ", AddressOf(kInvoiceId), " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ",
                   TokenOf("dana", "member", kOrg), "\r\n\r\n"));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(HeaderOf(head, "content-length"), std::to_string(file_.size()));
}

TEST_F(EvidenceApiTest, WhatBreaksOffIsNoWholeAnswer) {
  comments_->SetEvidence(file_, 1000, 2);
  const HttpAnswer broken = client_->Get(AddressOf(kInvoiceId), As("dana"));
  EXPECT_LT(broken.body.size(), file_.size());
  // Before the first piece it is a failure like any other.
  comments_->SetEvidence(file_, 1000, 0);
  const HttpAnswer failed = Get(AddressOf(kInvoiceId));
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(ReasonOfProblem(failed), "INTERNAL");
  comments_->SetEvidence(file_, 1000);
  EXPECT_EQ(Get(AddressOf(kInvoiceId)).body, file_);
}

TEST_F(EvidenceApiTest, WhatTheServiceRefusesIsToldAsItIs) {
  EXPECT_EQ(ReasonOfProblem(Get(AddressOf("INV-7"))), "INVOICE_NOT_FOUND");
  EXPECT_EQ(Get(AddressOf(kInvoiceId), As("eve", "admin", "rivalworks")).status, 404);
  EXPECT_EQ(Get(AddressOf(kInvoiceId), {}).status, 401);
  for (const auto& [code, reason, status] :
       {std::tuple(absl::StatusCode::kPermissionDenied, "ROLE_TOO_LOW", 403),
        std::tuple(absl::StatusCode::kFailedPrecondition, "NO_CHECKPOINT_KEY", 400),
        std::tuple(absl::StatusCode::kFailedPrecondition, "EVIDENCE_TOO_LARGE", 400),
        std::tuple(absl::StatusCode::kResourceExhausted, "EVIDENCE_QUEUE_FULL", 429)}) {
    comments_->FailNext(Refusal(code, reason, "scripted"));
    const HttpAnswer refused = Get(AddressOf(kInvoiceId));
    EXPECT_EQ(refused.status, status);
    EXPECT_EQ(ReasonOfProblem(refused), reason);
  }
}

TEST_F(EvidenceApiTest, WhoGoesAwayEndsTheCallUpstream) {
  comments_->SetEvidence(std::string(64 << 20, 'x'), 64 << 10);
  {
    HttpClient leaving(gateway_->address());
    ASSERT_EQ(leaving.OpenStream(AddressOf(kInvoiceId), As("dana")).status, 200);
  }
  // The script answers one call at a time: this one waits for the end of that.
  comments_->SetEvidence(file_, 1000);
  EXPECT_EQ(Get(AddressOf(kInvoiceId)).body, file_);
}

}  // namespace
}  // namespace marginalia
