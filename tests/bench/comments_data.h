// Comments to write and threads to read. Ids are UUIDv4, the kind that costs a store most.
// Thread-safe.
#ifndef MARGINALIA_TESTS_BENCH_COMMENTS_DATA_H_
#define MARGINALIA_TESTS_BENCH_COMMENTS_DATA_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "marginalia/comments/v1/comments_service.pb.h"
#include "tests/bench/rpc_client.h"

namespace marginalia::bench {

inline constexpr char kAddComment[] = "/marginalia.comments.v1.CommentsService/AddComment";
inline constexpr char kListComments[] = "/marginalia.comments.v1.CommentsService/ListComments";
inline constexpr char kEditComment[] = "/marginalia.comments.v1.CommentsService/EditComment";
inline constexpr char kRemoveComment[] = "/marginalia.comments.v1.CommentsService/RemoveComment";
inline constexpr char kImportComments[] = "/marginalia.comments.v1.CommentsService/ImportComments";
inline constexpr char kGetInvoice[] = "/marginalia.invoices.v1.InvoicesService/GetInvoice";

// With it a page of 20 comments has about 5 KB.
inline constexpr std::size_t kBodyBytes = 140;
inline constexpr int kImportCommentsMax = 500;

std::string RandomUuid();

// The `n`th invoice's id: the same UUID for the same number.
std::string InvoiceId(std::int64_t n);

// kBodyBytes that begin with `n` in decimal.
std::string BodyOf(std::int64_t n);

// A new comment on an invoice.
comments::v1::AddCommentRequest NewComment(const std::string& invoice_id, std::int64_t n);

grpc::ByteBuffer PageRequest(const std::string& invoice_id, int page_size,
                             const std::string& page_token);

// Imports so many comments into an empty thread.
void ImportThread(RpcClient& importer, const std::string& invoice_id, int count);
// `count` comments whose first has the number `first` in its thread.
comments::v1::ImportCommentsRequest ImportRequest(const std::string& invoice_id, int first,
                                                  int count);

// The page tokens along a thread, newest first: of every page of `page_size` behind the first.
std::vector<std::string> WalkThread(RpcClient& client, const std::string& invoice_id,
                                    int page_size);

}  // namespace marginalia::bench

#endif  // MARGINALIA_TESTS_BENCH_COMMENTS_DATA_H_
