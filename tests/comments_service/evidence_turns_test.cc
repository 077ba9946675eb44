// Whose turn it is to have an evidence file made, and how long one waits for its reader. What
// stands in a file is in evidence_export_test.
#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "comments-service/record/evidence.h"
#include "services/rpc/client/channel.h"
#include "services/rpc/grpc_status.h"
#include "tests/comments_service/evidence_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

namespace v1 = comments::v1;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// What a client makes of CANCELLED that it did not ask for.
bool IsCutOff(const absl::Status& status) { return absl::IsUnavailable(status); }

// An ExportEvidence stream that is read when the test wants it.
class OpenExport {
 public:
  OpenExport(const std::string& address, const std::string& token, const std::string& invoice_id)
      : channel_(ConnectTo(address)), stub_(channel_) {
    PrepareCall(context_, token, "", SteadyTime::Now() + kTestCallMax);
    request_.set_invoice_id(invoice_id);
    reader_ = stub_.ExportEvidence(&context_, request_);
  }
  ~OpenExport() {
    context_.TryCancel();
    if (!ended_) End().IgnoreError();
  }

  bool Read(std::string& file) {
    v1::ExportEvidenceResponse piece;
    if (!reader_->Read(&piece)) return false;
    file += piece.data();
    return true;
  }
  // Reads to the end.
  absl::Status End() {
    std::string rest;
    while (Read(rest)) {
    }
    ended_ = true;
    return FromGrpc(reader_->Finish());
  }
  void Cancel() { context_.TryCancel(); }

 private:
  // Its own connection, whose flow control holds nobody else up.
  std::shared_ptr<grpc::Channel> channel_;
  v1::CommentsService::Stub stub_;
  grpc::ClientContext context_;
  v1::ExportEvidenceRequest request_;
  std::unique_ptr<grpc::ClientReader<v1::ExportEvidenceResponse>> reader_;
  bool ended_ = false;
};

class EvidenceTurnsTest : public EvidenceFixture {
 protected:
  std::unique_ptr<OpenExport> Open(const std::string& org, const std::string& invoice_id) {
    return std::make_unique<OpenExport>(service().address(), service().As(org, "dana").token(),
                                        invoice_id);
  }
};
INSTANTIATE_ON_EVERY_DATABASE(EvidenceTurnsTest);

TEST_P(EvidenceTurnsTest, WhoDoesNotReadHoldsUpHimselfAndIsCutOff) {
  PostLong("org", kThread);
  service().As("rival", "mallory").Post(kThread, "theirs");
  std::vector<std::unique_ptr<OpenExport>> slow;
  for (std::size_t i = 0; i < kTenantEvidencesAtATimeMax; ++i) {
    slow.push_back(Open("org", kThread));
    std::string file;
    ASSERT_TRUE(slow.back()->Read(file));
  }
  // Of three more two wait, and one is told that there is no room; another tenant waits for nobody.
  std::vector<std::future<absl::Status>> more;
  for (std::size_t i = kTenantEvidencesAtATimeMax; i < kTenantEvidencesMax + 1; ++i) {
    more.push_back(std::async(std::launch::async, [this] { return Open("org", kThread)->End(); }));
  }
  const auto ended = [](const std::future<absl::Status>& call) {
    return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  auto refused = more.end();
  ASSERT_TRUE(Await([&] {
    refused = std::find_if(more.begin(), more.end(), ended);
    return refused != more.end();
  }));
  const absl::Status full = refused->get();
  more.erase(refused);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(full), "EVIDENCE_QUEUE_FULL");
  EXPECT_FALSE(FileFor(service().As("rival", "mallory")).empty());
  EXPECT_TRUE(std::none_of(more.begin(), more.end(), ended));
  // Who reads on gets the whole, who gives up makes room, and then it is the turn of those.
  EXPECT_TRUE(slow[0]->End().ok());
  slow[1]->Cancel();
  for (std::future<absl::Status>& call : more) EXPECT_TRUE(call.get().ok());
}

TEST_P(EvidenceTurnsTest, TenantsWhoTakeAsManyFilesAsTheyCanHoldUpNoOtherTenant) {
  const std::vector<std::string> greedy = {"org", "rival"};
  for (const std::string& org : greedy) PostLong(org, kThread);
  service().As("third", "carol").Post(kThread, "theirs");
  std::vector<std::unique_ptr<OpenExport>> slow;
  std::vector<std::shared_future<bool>> waiting;
  // Calls arrive in any order, so that the first of each tenant has its turn before others come.
  for (const std::string& org : greedy) {
    slow.push_back(Open(org, kThread));
    std::string file;
    ASSERT_TRUE(slow.back()->Read(file));
  }
  for (const std::string& org : greedy) {
    std::vector<std::shared_future<bool>> pieces;
    for (std::size_t i = 1; i < kTenantEvidencesMax + 1; ++i) {
      slow.push_back(Open(org, kThread));
      pieces.push_back(std::async(std::launch::async, [&stream = *slow.back()] {
        std::string file;
        return stream.Read(file);
      }));
    }
    // That one is refused says that the others have arrived.
    const auto refused = [](const std::shared_future<bool>& piece) {
      return piece.wait_for(std::chrono::seconds(0)) == std::future_status::ready && !piece.get();
    };
    EXPECT_TRUE(Await([&] { return std::any_of(pieces.begin(), pieces.end(), refused); }));
    waiting.insert(waiting.end(), pieces.begin(), pieces.end());
  }
  EXPECT_FALSE(FileFor(service().As("third", "carol")).empty());
  // They were not cut off for it.
  EXPECT_TRUE(slow[0]->End().ok());
  EXPECT_TRUE(slow[1]->End().ok());
  for (const auto& stream : slow) stream->Cancel();
  for (const auto& piece : waiting) piece.wait();
}

TEST_P(EvidenceTurnsTest, AFileThatIsNotTakenInTimeIsLetGoOf) {
  StartAnew(absl::Seconds(1));
  PostLong("org", kThread);
  const auto slow = Open("org", kThread);
  std::string file;
  ASSERT_TRUE(slow->Read(file));
  const auto also = Open("org", kThread);
  ASSERT_TRUE(also->Read(file));
  // Two are cut off, and a third has its turn, which on a busy machine may take as long as they
  // had.
  EXPECT_TRUE(Await([&] { return Dana().ExportEvidence(kThread).ok(); }));
  EXPECT_TRUE(IsCutOff(slow->End()));
}

TEST_P(EvidenceTurnsTest, AnErasureCutsOffWhoeverIsTakingTheText) {
  PostLong("org", kThread);
  const v1::Comment erased = Dana().Post(kThread, "canary-51c0").comment();
  const auto slow = Open("org", kThread);
  std::string file;
  ASSERT_TRUE(slow->Read(file));
  const auto elsewhere = Open("rival", kThread);
  ASSERT_TRUE(Alex().Erase(erased, "personal data").ok());
  EXPECT_TRUE(IsCutOff(slow->End()));
  EXPECT_TRUE(elsewhere->End().ok());
  const std::string after = FileFor(Alex());
  EXPECT_THAT(after, Not(HasSubstr("canary")));
  EXPECT_EQ(Verified(after).texts_erased, 1);
}

TEST_P(EvidenceTurnsTest, FilesAreMadeWhileTheThreadIsChangedAndEachIsWhole) {
  const v1::Comment first = Dana().Post(kThread, "0").comment();
  std::future<void> changes = std::async(std::launch::async, [this, first] {
    v1::Comment comment = first;
    for (int i = 1; i <= 100; ++i) {
      const auto edited = Dana().Edit(comment, std::to_string(i));
      ASSERT_TRUE(edited.ok()) << edited.status();
      comment = edited->comment();
      const v1::Comment more = Dana().Post(kThread, absl::StrCat("more ", i)).comment();
      EXPECT_TRUE(i % 3 != 0 || Alex().Erase(more, "x").ok());
      EXPECT_TRUE(i % 5 != 0 || Dana().Resolve(kThread).ok());
      EXPECT_TRUE(i % 5 != 2 || Dana().Reopen(kThread).ok());
    }
  });
  int files = 0;
  while (changes.wait_for(std::chrono::seconds(0)) != std::future_status::ready || files < 5) {
    const absl::StatusOr<std::string> file = Alex().ExportEvidence(kThread);
    // Of an erasure that came between.
    if (IsCutOff(file.status())) continue;
    ASSERT_TRUE(file.ok()) << file.status();
    const absl::StatusOr<Evidence> read = ReadEvidence(*file);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_THAT(CheckEvidence(*read, {{key()}}).failures, IsEmpty());
    ++files;
  }
  changes.get();
}

}  // namespace
}  // namespace marginalia
