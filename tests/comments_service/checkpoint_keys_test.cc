// The keys that checkpoints are signed with: none, several, replaced while the service runs.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/comments_service/checkpoints_fixture.h"
#include "tests/support/await.h"

namespace marginalia {
namespace {

using testing::HasSubstr;

using CheckpointKeysTest = CheckpointsFixture;
INSTANTIATE_ON_EVERY_DATABASE(CheckpointKeysTest);

TEST_P(CheckpointKeysTest, WithoutAKeyTheServiceRunsAndSignsNothing) {
  FlushLog();
  testing::internal::CaptureStderr();
  Start();
  Post(2);
  const auto refused = Alex().GetCheckpoint();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(refused), "NO_CHECKPOINT_KEY");
  const auto proof = Alex().GetInclusionProof(1);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(ParseProof(proof->proof())->checkpoint, "");
  EXPECT_EQ(proof->hashes_size(), 1);
  EXPECT_EQ(Alex().GetConsistencyProof(1)->second_checkpoint(), "");
  FlushLog();
  const std::string logged = testing::internal::GetCapturedStderr();
  const std::string said = "audit checkpoints are not signed";
  const std::size_t first = logged.find(said);
  ASSERT_NE(first, std::string::npos) << logged;
  EXPECT_EQ(logged.find(said, first + 1), std::string::npos) << logged;
}

TEST_P(CheckpointKeysTest, AKeyThatIsAddedSignsBesideTheOldOneAndABadFileChangesNothing) {
  Post(1);
  const SigningKey next = SigningKey::Make();
  const auto opens = [this](const SigningKey& key) {
    const auto note = Alex().GetCheckpoint();
    return note.ok() &&
           OpenCheckpoint(note->checkpoint(), {{key.Verifier(kCheckpointKeyName)}}).ok();
  };
  const LoggedToFile log;
  // The log tells when a file has been looked at.
  const auto told = [&log](const std::string& what, const auto& replace) {
    const std::size_t before = log.Count(what);
    replace();
    EXPECT_TRUE(Await([&] { return log.Count(what) > before; })) << what;
  };
  const std::string read = "the checkpoint keys were read again";
  const std::string refused = "the checkpoint keys stay as they were";
  EXPECT_TRUE(opens(key_));
  told(read, [&] { WriteKeys({key_, next}); });
  EXPECT_TRUE(opens(key_));
  EXPECT_TRUE(opens(next));
  told(refused, [&] { WriteFile("no key"); });
  EXPECT_TRUE(opens(next));
  told(refused, [&] { WriteKeys({key_}, 0644); });
  EXPECT_TRUE(opens(next));
  // What was wrong with it is mended in place.
  told(read, [&] { chmod(KeyPath().c_str(), 0600); });
  EXPECT_FALSE(opens(next));
  std::filesystem::remove(KeyPath());
  EXPECT_TRUE(opens(key_));
  told(read, [&] { WriteKeys({next}); });
  EXPECT_TRUE(opens(next));
  EXPECT_FALSE(opens(key_));
}

// A pipe is a file that lets its reader hang, like a volume that is gone.
TEST_P(CheckpointKeysTest, AKeyFileThatHangsHoldsUpNobodyWhoSigns) {
  Post(1);
  const std::string pipe = KeyPath() + ".pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_hard_link(pipe, pipe + ".new");
  std::filesystem::rename(pipe + ".new", KeyPath());
  int writer = -1;
  // Once somebody is reading it.
  const auto hangs = [&] {
    EXPECT_TRUE(Alex().GetCheckpoint().ok());
    writer = open(pipe.c_str(), O_WRONLY | O_NONBLOCK);
    return writer >= 0;
  };
  ASSERT_TRUE(Await(hangs));
  EXPECT_EQ(Newest().size, 1);
  const std::string pem = SigningKey::Make().Pem();
  EXPECT_EQ(write(writer, pem.data(), pem.size()), static_cast<ssize_t>(pem.size()));
  close(writer);
  const auto signs = [this] {
    const auto note = Alex().GetCheckpoint();
    return note.ok() &&
           OpenCheckpoint(note->checkpoint(), {{key_.Verifier(kCheckpointKeyName)}}).ok();
  };
  EXPECT_TRUE(Await([&] { return !signs(); }));
  // Written to, it is another file for whoever looks: it is let go of until a plain one is read.
  WriteKeys({key_});
  EXPECT_TRUE(Await([&] {
    writer = open(pipe.c_str(), O_WRONLY | O_NONBLOCK);
    if (writer >= 0) close(writer);
    return signs();
  }));
}

TEST_P(CheckpointKeysTest, AKeyFileThatWillNotDoIsNamedAtTheStart) {
  EXPECT_TRUE(CheckpointSigner::Open(KeyPath()).ok());
  const auto failure = [this] {
    return std::string(CheckpointSigner::Open(KeyPath()).status().message());
  };
  WriteFile("no key");
  EXPECT_THAT(failure(), HasSubstr("does not hold private keys"));
  WriteKeys({key_}, 0604);
  EXPECT_THAT(failure(), HasSubstr("chmod 600"));
  WriteFile(std::string(70'000, 'x'));
  EXPECT_THAT(failure(), HasSubstr("longer than 64 KiB"));
  std::filesystem::remove(KeyPath());
  EXPECT_THAT(failure(), HasSubstr("cannot read"));
}

}  // namespace
}  // namespace marginalia
