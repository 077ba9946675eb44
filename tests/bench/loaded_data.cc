#include "tests/bench/loaded_data.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/comments_data.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/invoices_data.h"
#include "tests/bench/need.h"
#include "tests/bench/services_under_test.h"

namespace marginalia::bench {
namespace {

// Goes up when what is loaded changes though the schema does not.
constexpr int kDataVersion = 1;
constexpr int kChangedPageSize = 100;
constexpr int kPageChangesAtATime = 10;
constexpr std::int64_t kGrownThreadComments = 1'000;
// The imports of one thread are half of all calls apart: they never overtake each other.
constexpr int kImportersAtATime = 4;
constexpr int kCreatorsAtATime = 64;
constexpr int kCreatorConnections = 4;

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

void ImportLongAndShort(RpcClient& importer) {
  ImportThread(importer, InvoiceId(0), kLongThreadComments);
  ImportThread(importer, InvoiceId(1), kShortThreadComments);
}

// Edits or, every other time, removes one in ten comments of the page.
void ChangePage(RpcClient& author, const comments::v1::ListCommentsResponse& page) {
  std::vector<comments::v1::Comment> edited;
  std::vector<comments::v1::Comment> removed;
  for (const comments::v1::Comment& comment : page.comments()) {
    if (comment.sequence() % 20 == 0) edited.push_back(comment);
    if (comment.sequence() % 20 == 10) removed.push_back(comment);
  }
  const auto edit = [&edited](std::int64_t call) {
    const comments::v1::Comment& comment = edited[static_cast<std::size_t>(call)];
    comments::v1::EditCommentRequest request;
    request.set_invoice_id(comment.invoice_id());
    request.set_comment_id(comment.comment_id());
    request.set_etag(comment.etag());
    request.set_body(BodyOf(-comment.sequence()));
    return BytesOf(request);
  };
  const auto remove = [&removed](std::int64_t call) {
    const comments::v1::Comment& comment = removed[static_cast<std::size_t>(call)];
    comments::v1::RemoveCommentRequest request;
    request.set_invoice_id(comment.invoice_id());
    request.set_comment_id(comment.comment_id());
    return BytesOf(request);
  };
  Need(CallAll(author, {kEditComment, edit, kPageChangesAtATime},
               static_cast<std::int64_t>(edited.size())));
  Need(CallAll(author, {kRemoveComment, remove, kPageChangesAtATime},
               static_cast<std::int64_t>(removed.size())));
}

void ChangeThread(RpcClient& author, const std::string& invoice_id) {
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_id);
  request.set_page_size(kChangedPageSize);
  do {
    comments::v1::ListCommentsResponse page;
    Need(author.CallAndWait(kListComments, request, &page));
    ChangePage(author, page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
}

}  // namespace

std::filesystem::path LongThreadData(Bench& bench) {
  return Kept(bench, "long-thread", [&bench](const std::filesystem::path& folder) {
    const Service comments = StartCommentsService(bench, folder);
    ImportLongAndShort(*Client(comments.address, bench.ImporterToken()));
  });
}

std::filesystem::path ChangedThreadData(Bench& bench) {
  return Kept(bench, "changed-thread", [&bench](const std::filesystem::path& folder) {
    // What was imported was written long ago.
    const Service comments = StartCommentsService(bench, folder, "", {"--edit_window=inf"});
    ImportLongAndShort(*Client(comments.address, bench.ImporterToken()));
    const auto author = Client(comments.address, bench.MemberToken());
    ChangeThread(*author, InvoiceId(0));
    ChangeThread(*author, InvoiceId(1));
  });
}

std::filesystem::path GrownComments(Bench& bench, std::int64_t count) {
  const auto name = absl::StrCat("comments-", count);
  return Kept(bench, name, [&bench, count](const std::filesystem::path& folder) {
    const Service comments = StartCommentsService(bench, folder);
    const auto importer = Client(comments.address, bench.ImporterToken());
    const std::int64_t threads = std::max<std::int64_t>(count / kGrownThreadComments, 1);
    // All threads grow beside each other, as they do in life.
    const auto request = [threads](std::int64_t call) {
      return BytesOf(ImportRequest(InvoiceId(call % threads),
                                   static_cast<int>(call / threads) * kImportCommentsMax,
                                   kImportCommentsMax));
    };
    Need(CallAll(*importer, {kImportComments, request, kImportersAtATime},
                 count / kImportCommentsMax));
  });
}

std::filesystem::path GrownInvoices(Bench& bench, std::int64_t count) {
  const auto name = absl::StrCat("invoices-", count);
  return Kept(bench, name, [&bench, count](const std::filesystem::path& folder) {
    const Service comments = StartCommentsService(bench, folder);
    const Service invoices = StartInvoiceService(bench, folder, comments.address);
    const auto client = Client(invoices.address, bench.MemberToken(), kCreatorConnections);
    const auto request = [](std::int64_t call) { return BytesOf(NewInvoice(call)); };
    Need(CallAll(*client, {kCreateInvoice, request, kCreatorsAtATime}, count));
  });
}

std::filesystem::path CopyOf(Bench& bench, const std::filesystem::path& data) {
  const std::filesystem::path copy = bench.NewFolder("copy");
  std::filesystem::copy(data, copy);
  // Else the disk would be busy with the copy while what is done to it is measured.
  sync();
  return copy;
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
