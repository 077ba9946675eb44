#include "tests/comments_service/evidence_fixture.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

#include "comments-service/record/evidence.h"
#include "tests/record/by_the_book.h"

namespace marginalia {

namespace json = boost::json;

void EvidenceFixture::SetUp() {
  const std::string path = directory_.File("checkpoint.pem");
  std::ofstream(path) << key_.Pem();
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  StartAnew();
}

void EvidenceFixture::StartAnew(absl::Duration taken_max) {
  ServiceOptions options;
  options.checkpoint_key_path = directory_.File("checkpoint.pem");
  options.evidence_taken_max = taken_max;
  Start(std::move(options));
}

std::string EvidenceFixture::FileFor(const Client& client, const std::string& invoice_id) {
  const absl::StatusOr<std::string> file = client.ExportEvidence(invoice_id);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.value_or("");
}

EvidenceVerdict EvidenceFixture::Verified(const std::string& file) {
  const BookVerdict book = VerifyByTheBook(
      "evidence", json::serialize(json::object{{"key", key().Text()}, {"evidence", file}}));
  EXPECT_EQ(book.exit_code, 0) << book.said;
  const absl::StatusOr<Evidence> read = ReadEvidence(file);
  EXPECT_TRUE(read.ok()) << read.status();
  if (!read.ok()) return {};
  EvidenceVerdict verdict = CheckEvidence(*read, {{key()}});
  EXPECT_THAT(verdict.failures, testing::IsEmpty());
  return verdict;
}

void EvidenceFixture::PostLong(const std::string& org, const std::string& invoice_id) {
  std::string wide;
  for (std::size_t i = 0; i < kBodyCharactersMax; ++i) wide += "\U0001F600";
  for (int i = 0; i < 600; ++i) service().As(org, "dana").Post(invoice_id, wide);
}

}  // namespace marginalia
