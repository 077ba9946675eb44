// What the fault tests watch records with notices a checkpoint that somebody with the key has
// forged: else that they saw no contradiction would say nothing.
#include "tests/faults/record_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/faults/history.h"
#include "tests/support/await.h"
#include "tests/support/three_processes.h"

namespace marginalia {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kTenant[] = "northlight";

class RecordWatchTest : public testing::Test {
 protected:
  std::string Forged(const Checkpoint& checkpoint) {
    std::ifstream file(processes_.directory().File("checkpoint.pem"));
    const std::string pem(std::istreambuf_iterator<char>(file), {});
    return SignNote(CheckpointText(checkpoint), kCheckpointKeyName,
                    SigningKey::FromPem(pem).value());
  }

  ThreeProcesses processes_;
  const std::vector<std::string> invoices_ = {processes_.NewInvoice("INV-1")};
  RecordWatch watch_{{processes_.comments_front().address()},
                     {{kTenant, processes_.Token("alex", "admin")}},
                     processes_.checkpoint_key()};
  History history_;
};

TEST_F(RecordWatchTest, ALogThatOnlyGrowsContradictsNothing) {
  PostingLoad load(processes_, invoices_, 1, history_);
  EXPECT_TRUE(watch_.AwaitGrowth(3, std::chrono::seconds(60)));
  processes_.comments().Kill();
  processes_.StartComments();
  EXPECT_TRUE(watch_.AwaitGrowth(3, std::chrono::seconds(60)));
  EXPECT_THAT(watch_.contradictions(), IsEmpty());
}

TEST_F(RecordWatchTest, AForgedCheckpointContradictsTheOthersWhateverItSays) {
  {
    PostingLoad load(processes_, invoices_, 1, history_);
    ASSERT_TRUE(watch_.AwaitGrowth(2, std::chrono::seconds(60)));
  }
  // With all that has been posted, so that the service signs nothing newer meanwhile.
  const auto size = static_cast<std::int64_t>(history_.size());
  ASSERT_TRUE(Await([&] { return watch_.Newest(kTenant)->size == size; }));
  const Checkpoint honest = *watch_.Newest(kTenant);
  Checkpoint other_root = honest;
  other_root.root[0] ^= 1;
  watch_.Saw(kTenant, Forged(other_root));
  Checkpoint shorter = other_root;
  --shorter.size;
  watch_.Saw(kTenant, Forged(shorter));
  Checkpoint longer = other_root;
  ++longer.size;
  watch_.Saw(kTenant, Forged(longer));
  Checkpoint elsewhere = honest;
  elsewhere.origin = CheckpointOrigin("another-log", kTenant);
  watch_.Saw(kTenant, Forged(elsewhere));
  std::string unsigned_note = Forged(honest);
  unsigned_note[unsigned_note.size() - 5] ^= 1;
  watch_.Saw(kTenant, unsigned_note);
  EXPECT_THAT(watch_.contradictions(),
              ElementsAre(HasSubstr("a fork"), HasSubstr("a cut"), HasSubstr("a cut"),
                          HasSubstr("another log"), HasSubstr("northlight: ")));
  EXPECT_EQ(watch_.Newest(kTenant), honest);
}

}  // namespace
}  // namespace marginalia
