#include "comments-service/thread/thread_blocks.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "services/text/tenant_key.h"

namespace marginalia {
namespace {

// Keys in buffers of the calling thread: what is found must not allocate.
std::string_view ThreadKey(const ThreadRef& thread) {
  thread_local std::string key;
  SetTenantKey(key, thread.org_id, thread.invoice_id);
  return key;
}

std::string_view BlockKey(std::string_view thread_key, std::int64_t number) {
  thread_local std::string key;
  key.assign(thread_key)
      .append(1, '\0')
      .append(reinterpret_cast<const char*>(&number), sizeof number);
  return key;
}

std::string_view PageKey(std::string_view thread_key, int page_size, std::string_view page_token) {
  thread_local std::string key;
  key.assign(thread_key).append(1, '\0').append(1, static_cast<char>(page_size)).append(page_token);
  return key;
}

std::int64_t BlockOf(std::int64_t sequence) { return (sequence - 1) / kBlockComments; }

std::size_t PlaceOf(std::int64_t sequence) {
  return static_cast<std::size_t>(kBlockComments - 1 - (sequence - 1) % kBlockComments);
}

// The part of the span that stands in the block.
ThreadSpan PartIn(std::int64_t number, const ThreadSpan& span) {
  return {.newest = std::min(span.newest, (number + 1) * kBlockComments),
          .oldest = std::max(span.oldest, number * kBlockComments + 1)};
}

}  // namespace

bool ThreadBlocks::Places::Has(std::size_t first, std::size_t last) const {
  for (std::size_t place = first; place <= last; ++place) {
    if (begins[place] == begins[place + 1]) return false;
  }
  return true;
}

void ThreadBlocks::Places::Append(std::string_view comment, std::size_t place) {
  bytes.append(comment);
  begins[place + 1] = static_cast<std::uint32_t>(bytes.size());
}

ThreadBlocks::Writes& ThreadBlocks::WritesTo(std::string_view thread_key) {
  return writes_[std::hash<std::string_view>()(thread_key) % kShards];
}

const ThreadBlocks::Writes& ThreadBlocks::WritesTo(std::string_view thread_key) const {
  return writes_[std::hash<std::string_view>()(thread_key) % kShards];
}

ThreadBlocks::Version ThreadBlocks::VersionOf(const ThreadRef& thread) const {
  const Writes& writes = WritesTo(ThreadKey(thread));
  const std::lock_guard lock(writes.mutex);
  return writes.version;
}

EncodedPage ThreadBlocks::FindPage(const ThreadRef& thread, int page_size,
                                   std::string_view page_token) {
  const std::string_view key = ThreadKey(thread);
  const auto found = pages_.Find(PageKey(key, page_size, page_token));
  return found && found->end == ends_.Find(key).value_or(nullptr) ? found->page : nullptr;
}

void ThreadBlocks::KeepPage(const ThreadRef& thread, int page_size, std::string_view page_token,
                            const Version& version, EncodedPage page) {
  const std::string_view key = ThreadKey(thread);
  std::shared_ptr<const ThreadEnd> end = FindEnd(thread);
  if (end == nullptr) return;
  const Writes& writes = WritesTo(key);
  const std::size_t bytes = page->capacity();
  pages_.InsertIf(PageKey(key, page_size, page_token), {std::move(end), std::move(page)}, bytes,
                  [&] {
                    const std::lock_guard lock(writes.mutex);
                    return writes.blocked == 0 && writes.version == version;
                  });
}

std::shared_ptr<const ThreadEnd> ThreadBlocks::FindEnd(const ThreadRef& thread) {
  return ends_.Find(ThreadKey(thread)).value_or(nullptr);
}

bool ThreadBlocks::AppendComments(const ThreadRef& thread, const ThreadSpan& span,
                                  std::string& page) {
  const std::string_view key = ThreadKey(thread);
  const std::size_t before = page.size();
  for (std::int64_t number = BlockOf(span.newest); number >= BlockOf(span.oldest); --number) {
    const auto places = blocks_.Find(BlockKey(key, number));
    const ThreadSpan part = PartIn(number, span);
    const std::size_t first = PlaceOf(part.newest);
    const std::size_t last = PlaceOf(part.oldest);
    if (!places || !(*places)->Has(first, last)) {
      page.resize(before);
      return false;
    }
    page.append((*places)->Of(first, last));
  }
  return true;
}

void ThreadBlocks::KeepEnd(const ThreadRef& thread, const Version& version, ThreadEnd end) {
  const std::string_view key = ThreadKey(thread);
  // In its place another one would take the whole pages away.
  if (ends_.Find(key)) return;
  const Writes& writes = WritesTo(key);
  const std::size_t bytes = sizeof end + end.encoded.capacity();
  ends_.InsertIf(key, std::make_shared<const ThreadEnd>(std::move(end)), bytes, [&] {
    const std::lock_guard lock(writes.mutex);
    return writes.blocked == 0 && writes.version == version;
  });
}

void ThreadBlocks::KeepComments(const ThreadRef& thread, const Version& version,
                                const ThreadSpan& span, std::string_view comments,
                                const std::vector<std::size_t>& ends) {
  if (span.empty() || ends.size() != span.size()) return;
  const std::string_view key = ThreadKey(thread);
  static const Places none;
  std::size_t next = 0;
  for (std::int64_t number = BlockOf(span.newest); number >= BlockOf(span.oldest); --number) {
    const ThreadSpan part = PartIn(number, span);
    const std::size_t first = PlaceOf(part.newest);
    const std::size_t last = PlaceOf(part.oldest);
    // What was known of the block before stays beside what is new.
    const auto found = blocks_.Find(BlockKey(key, number));
    const Places& known = found ? **found : none;
    Places places;
    const std::size_t begins = next == 0 ? 0 : ends[next - 1];
    places.bytes.reserve(known.bytes.size() + ends[next + part.size() - 1] - begins);
    for (std::size_t place = 0; place < static_cast<std::size_t>(kBlockComments); ++place) {
      if (place < first || place > last) {
        places.Append(known.Of(place, place), place);
        continue;
      }
      const std::size_t begin = next == 0 ? 0 : ends[next - 1];
      places.Append(comments.substr(begin, ends[next] - begin), place);
      ++next;
    }
    KeepBlock(key, number, version, std::move(places));
  }
}

void ThreadBlocks::KeepBlock(std::string_view thread_key, std::int64_t number,
                             const Version& version, Places places) {
  const Writes& writes = WritesTo(thread_key);
  const std::size_t bytes = sizeof places + places.bytes.capacity();
  blocks_.InsertIf(
      BlockKey(thread_key, number), std::make_shared<const Places>(std::move(places)), bytes, [&] {
        const std::lock_guard lock(writes.mutex);
        return writes.changes_blocked == 0 && writes.version.changes == version.changes;
      });
}

void ThreadBlocks::Block(const std::vector<std::string>& thread_keys,
                         const std::vector<ChangedComment>& changes) {
  for (const std::string& key : thread_keys) {
    Writes& writes = WritesTo(key);
    const std::lock_guard lock(writes.mutex);
    ++writes.blocked;
  }
  for (const ChangedComment& change : changes) {
    Writes& writes = WritesTo(change.thread_key);
    const std::lock_guard lock(writes.mutex);
    ++writes.changes_blocked;
  }
  for (const std::string& key : thread_keys) Outdate(key, 0);
  for (const ChangedComment& change : changes) {
    Outdate(change.thread_key, change.sequence);
    if (change.erased) ForgetPages();
  }
}

void ThreadBlocks::Unblock(const std::vector<std::string>& thread_keys,
                           const std::vector<ChangedComment>& changes) {
  // A snapshot taken while the commit was under way may be from before it.
  for (const std::string& key : thread_keys) {
    Writes& writes = WritesTo(key);
    const std::lock_guard lock(writes.mutex);
    --writes.blocked;
    ++writes.version.writes;
  }
  for (const ChangedComment& change : changes) {
    Writes& writes = WritesTo(change.thread_key);
    const std::lock_guard lock(writes.mutex);
    --writes.changes_blocked;
    ++writes.version.changes;
  }
}

void ThreadBlocks::Outdate(std::string_view thread_key, std::int64_t changed) {
  Writes& writes = WritesTo(thread_key);
  {
    const std::lock_guard lock(writes.mutex);
    ++writes.version.writes;
    if (changed != 0) ++writes.version.changes;
  }
  ends_.Erase(thread_key);
  if (changed != 0) blocks_.Erase(BlockKey(thread_key, BlockOf(changed)));
}

void ThreadBlocks::OutdateAll() {
  for (Writes& writes : writes_) {
    const std::lock_guard lock(writes.mutex);
    ++writes.version.writes;
    ++writes.version.changes;
  }
  pages_.Clear();
  ends_.Clear();
  blocks_.Clear();
}

void ThreadBlocks::CountWith(Counter* hits, Counter* misses) {
  hits_ = hits;
  misses_ = misses;
}

void ThreadBlocks::CountPage(bool found) const {
  Counter* const counter = found ? hits_ : misses_;
  if (counter != nullptr) counter->Add();
}

}  // namespace marginalia
