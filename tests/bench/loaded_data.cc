#include "tests/bench/loaded_data.h"

#include <sqlite3.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

// Goes up when what is loaded changes though the schema does not.
constexpr int kDataVersion = 1;

// A name for the schema that the comments-service of this build makes.
std::string SchemaName(Bench& bench) {
  const std::filesystem::path folder = bench.NewFolder("schema");
  StartCommentsService(bench, folder).process->Stop();
  sqlite3* database = nullptr;
  sqlite3_open_v2((folder / "comments.db").c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
  std::string schema;
  const int listed = sqlite3_exec(
      database, "SELECT sql FROM sqlite_master ORDER BY name",
      [](void* all, int, char** row, char**) {
        static_cast<std::string*>(all)->append(row[0] == nullptr ? "" : row[0]);
        return 0;
      },
      &schema, nullptr);
  sqlite3_close(database);
  if (listed != SQLITE_OK || schema.empty()) throw BarFailed("comments.db has no schema");
  return absl::StrCat(absl::Hex(std::hash<std::string>()(schema)), "-", kDataVersion);
}

// The folder of that name, filled by `fill` unless an earlier run has done so.
std::filesystem::path Kept(Bench& bench, const std::string& name,
                           const std::function<void(const std::filesystem::path&)>& fill) {
  const std::filesystem::path kept =
      bench.options().data / absl::StrCat(name, "-", SchemaName(bench));
  if (std::filesystem::exists(kept)) return kept;
  std::fprintf(stderr, "     filling %s once; later runs use it again\n", kept.c_str());
  const std::filesystem::path filling = bench.NewFolder(name);
  fill(filling);
  // Only a whole one gets the name.
  std::filesystem::rename(filling, kept);
  return kept;
}

void ImportManyThreads(RpcClient& importer) {
  std::vector<std::string> invoices;
  for (int i = 0; i < kManyThreads; ++i) invoices.push_back(InvoiceId(i));
  // Round robin, so that consecutive events concern different threads, as they do in life.
  constexpr int kPart = 10;
  for (int first = 0; first < kManyThreadsComments; first += kPart) {
    for (const std::string& invoice : invoices) {
      Need(CheckInterrupt());
      comments::v1::ImportCommentsResponse answer;
      Need(importer.CallAndWait(kImportComments, ImportRequest(invoice, first, kPart), &answer));
    }
  }
}

}  // namespace

std::filesystem::path LongThreadData(Bench& bench) {
  return Kept(bench, "long-thread", [&bench](const std::filesystem::path& folder) {
    const Service comments = StartCommentsService(bench, folder);
    const auto importer = Client(comments.address, bench.ImporterToken());
    ImportThread(*importer, InvoiceId(0), kLongThreadComments);
    ImportThread(*importer, InvoiceId(1), kShortThreadComments);
  });
}

std::filesystem::path ManyThreadsData(Bench& bench) {
  return Kept(bench, "many-threads", [&bench](const std::filesystem::path& folder) {
    const Service comments = StartCommentsService(bench, folder);
    {
      const Service invoices = StartInvoiceService(bench, folder, comments.address);
      // Long enough to meet the log and store that it stands at its beginning.
      Pause(absl::Seconds(3));
    }
    const auto importer = Client(comments.address, bench.ImporterToken());
    ImportManyThreads(*importer);
  });
}

}  // namespace marginalia::bench
