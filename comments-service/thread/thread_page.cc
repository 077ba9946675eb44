#include "comments-service/thread/thread_page.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "comments-service/thread/store/comment_store.h"
#include "comments-service/thread/store/page_store.h"
#include "comments-service/thread/wire/comment_wire.h"

namespace marginalia {
namespace {

// What a page takes besides its comments, and what a comment usually takes there.
constexpr std::size_t kEncodedTailBytes = 1024;
constexpr std::size_t kEncodedCommentBytes = 320;

std::shared_ptr<std::string> EmptyPage(const ThreadSpan& span) {
  auto page = std::make_shared<std::string>();
  page->reserve(kEncodedTailBytes + span.size() * kEncodedCommentBytes);
  return page;
}

ThreadEnd EndOf(const Thread& thread, std::string_view invoice_id, std::string token) {
  ThreadEnd end{.place_count = thread.place_count};
  AppendPageTail(end.encoded, {.total_size = thread.place_count,
                               .consistency_token = std::move(token),
                               .thread = &thread,
                               .invoice_id = invoice_id});
  return end;
}

void AppendTokens(std::string& page, const ThreadPageQuery& query, const ThreadSpan& shown) {
  // Sequences have no gaps, since a removed comment keeps its own: the first is numbered 1.
  const PageSpan span{
      .newest = shown.newest, .oldest = shown.oldest, .more_older = shown.oldest > 1};
  PageTokens tokens = TokensOf(query.cursor, shown.empty() ? nullptr : &span,
                               {kThreadListing, query.org_id, query.invoice_id});
  AppendPageTail(page, {.next_page_token = std::move(tokens.next),
                        .previous_page_token = std::move(tokens.previous)});
}

// What is in memory of the thread is of the snapshot's moment: it was told of all that the snapshot
// shows, and nothing has been written to the thread since.
bool Fits(const BlocksOfSnapshot* memory, const ThreadPageQuery& query) {
  return memory != nullptr && memory->told &&
         memory->blocks.VersionOf(query.thread()) == memory->version;
}

// From memory as far as they are there, else from their rows.
void AppendComments(Connection& connection, const ThreadPageQuery& query, const ThreadSpan& span,
                    const BlocksOfSnapshot* memory, std::string& page) {
  if (span.empty()) return;
  if (Fits(memory, query) && memory->blocks.AppendComments(query.thread(), span, page)) {
    if (Fits(memory, query)) return;
    page.clear();
  }
  std::vector<std::size_t> ends;
  ends.reserve(span.size());
  ReadThreadSpan(connection, query.thread(), span, [&](const CommentView& comment) {
    AppendPageComment(page, comment);
    ends.push_back(page.size());
  });
  if (memory == nullptr || !memory->told) return;
  memory->blocks.KeepComments(query.thread(), memory->version, span, page, ends);
}

}  // namespace

ThreadSpan SpanOf(const PageCursor& cursor, int page_size, std::int64_t place_count) {
  if (cursor.direction == PageCursor::Direction::kOlder) {
    const std::int64_t newest = std::min(cursor.from - 1, place_count);
    if (newest < 1) return {};
    return {.newest = newest, .oldest = std::max<std::int64_t>(newest - page_size + 1, 1)};
  }
  if (cursor.from >= place_count) return {};
  return {.newest = cursor.from + std::min<std::int64_t>(page_size, place_count - cursor.from),
          .oldest = cursor.from + 1};
}

EncodedPage PageFromBlocks(ThreadBlocks& blocks, const ThreadPageQuery& query) {
  const ThreadBlocks::Version version = blocks.VersionOf(query.thread());
  const auto end = blocks.FindEnd(query.thread());
  if (end == nullptr) return nullptr;
  const ThreadSpan span = SpanOf(query.cursor, query.page_size, end->place_count);
  auto page = EmptyPage(span);
  if (!span.empty() && !blocks.AppendComments(query.thread(), span, *page)) return nullptr;
  if (blocks.VersionOf(query.thread()) != version) return nullptr;
  AppendTokens(*page, query, span);
  page->append(end->encoded);
  // A page is kept whole when it is asked for again: whoever goes through a thread once pays for
  // none. One that no token leads to is asked for by a comment's id.
  if (!query.page_token.empty()) {
    blocks.KeepPage(query.thread(), query.page_size, query.page_token, version, page);
  }
  return page;
}

EncodedPage ReadThreadPage(Connection& connection, const ThreadPageQuery& query,
                           absl::FunctionRef<std::string()> consistency_token,
                           const BlocksOfSnapshot* memory) {
  // Its end is all that a thread's row is read for.
  std::shared_ptr<const ThreadEnd> end;
  if (memory != nullptr && memory->told) end = memory->blocks.FindEnd(query.thread());
  if (!Fits(memory, query)) end = nullptr;
  if (end == nullptr) {
    ThreadEnd read = EndOf(ReadThread(connection, query.org_id, query.invoice_id), query.invoice_id,
                           consistency_token());
    end = std::make_shared<const ThreadEnd>(std::move(read));
    if (memory != nullptr && memory->told) {
      memory->blocks.KeepEnd(query.thread(), memory->version, *end);
    }
  }
  const ThreadSpan span = SpanOf(query.cursor, query.page_size, end->place_count);
  auto page = EmptyPage(span);
  AppendComments(connection, query, span, memory, *page);
  AppendTokens(*page, query, span);
  page->append(end->encoded);
  return page;
}

}  // namespace marginalia
