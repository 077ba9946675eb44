#include "tests/bench/comments_data.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/bench/interrupt.h"
#include "tests/bench/need.h"

namespace marginalia::bench {
namespace {

constexpr char kFiller[] =
    "The quote was for one round of design review; this invoice covers two. I have attached the "
    "statement of work so that they can see the second round, and asked them to confirm.";
// Imported comments lie in the past, a millisecond apart.
constexpr std::int64_t kImportedSince = 1'700'000'000;

std::string UuidOf(std::uint64_t high, std::uint64_t low) {
  // Version 4, variant 1 (RFC 9562).
  high = (high & ~std::uint64_t{0xf000}) | 0x4000;
  low = (low & ~(std::uint64_t{3} << 62)) | std::uint64_t{1} << 63;
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, high >> 16 & 0xffff,
                         high & 0xffff, low >> 48, low & 0xffffffffffff);
}

}  // namespace

std::string RandomUuid() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::uint64_t high = random();
  return UuidOf(high, random());
}

std::string InvoiceId(std::int64_t n) {
  std::mt19937_64 random(static_cast<std::uint64_t>(n));
  const std::uint64_t high = random();
  return UuidOf(high, random());
}

std::string BodyOf(std::int64_t n) {
  std::string body = absl::StrFormat("%d %s", n, kFiller);
  body.resize(kBodyBytes);
  return body;
}

comments::v1::AddCommentRequest NewComment(const std::string& invoice_id, std::int64_t n) {
  comments::v1::AddCommentRequest request;
  request.set_invoice_id(invoice_id);
  request.set_comment_id(RandomUuid());
  request.set_body(BodyOf(n));
  return request;
}

grpc::ByteBuffer PageRequest(const std::string& invoice_id, int page_size,
                             const std::string& page_token) {
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_id);
  request.set_page_size(page_size);
  request.set_page_token(page_token);
  return BytesOf(request);
}

comments::v1::ImportCommentsRequest ImportRequest(const std::string& invoice_id, int first,
                                                  int count) {
  comments::v1::ImportCommentsRequest request;
  request.set_invoice_id(invoice_id);
  for (int n = first; n < first + count; ++n) {
    comments::v1::ImportedComment& comment = *request.add_comments();
    comment.set_comment_id(RandomUuid());
    comment.mutable_author()->set_user_id("ada");
    comment.mutable_author()->set_display_name("Ada Lovelace");
    comment.set_body(BodyOf(n));
    comment.mutable_create_time()->set_seconds(kImportedSince + n / 1000);
    comment.mutable_create_time()->set_nanos(n % 1000 * 1'000'000);
  }
  return request;
}

void ImportThread(RpcClient& importer, const std::string& invoice_id, int count) {
  for (int first = 0; first < count; first += kImportCommentsMax) {
    Need(CheckInterrupt());
    const int part = std::min(kImportCommentsMax, count - first);
    comments::v1::ImportCommentsResponse answer;
    Need(importer.CallAndWait(kImportComments, ImportRequest(invoice_id, first, part), &answer));
    if (answer.imported_count() != part) throw BarFailed("ImportComments imported only a part");
  }
}

std::vector<std::string> WalkThread(RpcClient& client, const std::string& invoice_id,
                                    int page_size) {
  std::vector<std::string> tokens;
  comments::v1::ListCommentsRequest request;
  request.set_invoice_id(invoice_id);
  request.set_page_size(page_size);
  while (true) {
    Need(CheckInterrupt());
    comments::v1::ListCommentsResponse page;
    Need(client.CallAndWait(kListComments, request, &page));
    if (page.next_page_token().empty()) return tokens;
    tokens.push_back(page.next_page_token());
    request.set_page_token(page.next_page_token());
  }
}

}  // namespace marginalia::bench
