// A service that signs its checkpoints with a key file of the test's. Used by one thread.
#ifndef MARGINALIA_TESTS_COMMENTS_SERVICE_CHECKPOINTS_FIXTURE_H_
#define MARGINALIA_TESTS_COMMENTS_SERVICE_CHECKPOINTS_FIXTURE_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "comments-service/audit/checkpoints.h"
#include "services/process/log.h"
#include "tests/comments_service/imports.h"
#include "tests/comments_service/service_test.h"
#include "tests/support/temp_dir.h"

namespace marginalia {

// What the process logs from here to its end, which can be read meanwhile.
class LoggedToFile {
 public:
  LoggedToFile() : stderr_(dup(STDERR_FILENO)) {
    FlushLog();
    const int file = open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(file, STDERR_FILENO);
    close(file);
  }
  ~LoggedToFile() {
    FlushLog();
    dup2(stderr_, STDERR_FILENO);
    close(stderr_);
  }
  LoggedToFile(const LoggedToFile&) = delete;
  LoggedToFile& operator=(const LoggedToFile&) = delete;

  std::size_t Count(const std::string& what) const {
    std::ifstream file(path_);
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.find(what) != std::string::npos) ++count;
    }
    return count;
  }

 private:
  const TempDir directory_;
  const std::string path_ = directory_.File("log");
  const int stderr_;
};

class CheckpointsFixture : public ServiceTest {
 protected:
  void SetUp() override {
    WriteKeys({key_});
    StartAnew();
  }
  void StartAnew(bool start_new_log = false) {
    ServiceOptions options;
    options.checkpoint_key_path = KeyPath();
    options.start_new_log = start_new_log;
    Start(std::move(options));
  }

  std::string KeyPath() const { return directory_.File("checkpoint.pem"); }
  // In its place at once, as an operator does it.
  void WriteKeys(const std::vector<SigningKey>& keys, mode_t mode = 0600) const {
    std::string pem;
    for (const SigningKey& key : keys) pem += key.Pem();
    WriteFile(pem, mode);
  }
  void WriteFile(const std::string& text, mode_t mode = 0600) const {
    const std::string path = directory_.File("new.pem");
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    std::filesystem::rename(path, KeyPath());
  }

  void Post(int count) {
    for (int i = 0; i < count; ++i) {
      service().As("org", "dana").Post("INV-" + std::to_string(i % 3), "a body");
      if (i % 2 == 0) service().As("rival", "mallory").Post("INV-1", "theirs");
    }
  }
  void Import(int count, const std::string& org_id = "org") {
    const auto imported = service().AsService(org_id).Import(ImportOf("INV-9", count));
    ASSERT_TRUE(imported.ok()) << imported.status();
  }
  Checkpoint Newest() {
    const auto answer = Alex().GetCheckpoint();
    if (!answer.ok()) {
      ADD_FAILURE() << answer.status();
      return {};
    }
    const absl::StatusOr<Checkpoint> checkpoint =
        OpenCheckpoint(answer->checkpoint(), {{key_.Verifier(kCheckpointKeyName)}});
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(answer->size(), checkpoint->size);
    EXPECT_EQ(answer->origin(), checkpoint->origin);
    EXPECT_EQ(answer->root_hash(), HexOf(checkpoint->root));
    return *checkpoint;
  }

  const SigningKey key_ = SigningKey::Make();

 private:
  const TempDir directory_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_COMMENTS_SERVICE_CHECKPOINTS_FIXTURE_H_
