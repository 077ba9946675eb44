#include "services/rpc/raw_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// The path of the first string field that is not valid UTF-8, such as "comments[3].body"; empty
// when there is none. Reads the message as unknown fields, which takes strings as they are.
std::string InvalidTextIn(const std::string& bytes, const Descriptor& type) {
  UnknownFieldSet fields;
  if (!fields.ParseFromString(bytes)) return "";
  std::map<int, int> seen;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    const FieldDescriptor* known = type.FindFieldByNumber(field.number());
    const int index = seen[field.number()]++;
    if (known == nullptr || field.type() != UnknownField::TYPE_LENGTH_DELIMITED) continue;
    std::string path = known->name();
    if (known->is_repeated()) absl::StrAppend(&path, "[", index, "]");
    const std::string& content = field.length_delimited();
    if (known->type() == FieldDescriptor::TYPE_STRING) {
      const auto size = static_cast<int>(content.size());
      if (!google::protobuf::internal::IsStructurallyValidUTF8(content.data(), size)) return path;
    } else if (known->type() == FieldDescriptor::TYPE_MESSAGE) {
      const std::string inner = InvalidTextIn(content, *known->message_type());
      if (!inner.empty()) return absl::StrCat(path, ".", inner);
    }
  }
  return "";
}

// How what is compressed begins, in the formats that say so: gzip, Zstandard, LZ4 and framed
// Snappy.
constexpr std::string_view kCompressedBeginnings[] = {
    "\x1f\x8b", "\x28\xb5\x2f\xfd", "\x04\x22\x4d\x18",
    std::string_view("\xff\x06\x00\x00sNaPpY", 10)};

constexpr absl::string_view kReadEncodings = "gzip, deflate or identity";

// gRPC 1.51 takes a grpc-encoding that it does not know for none and keeps its name to itself, as
// it keeps that the message is compressed. The bytes tell, but for formats that begin anyhow, such
// as Brotli.
bool IsCompressed(std::string_view bytes) {
  return std::any_of(std::begin(kCompressedBeginnings), std::end(kCompressedBeginnings),
                     [bytes](std::string_view beginning) { return bytes.starts_with(beginning); });
}

absl::Status WhyUnparsable(const grpc::Slice& slice, const Descriptor& type) {
  const std::string bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  if (IsCompressed(bytes)) {
    return Refusal(absl::StatusCode::kUnimplemented, "ENCODING_UNSUPPORTED",
                   absl::StrCat("the message is compressed in a way that is not read here: send it "
                                "with grpc-encoding ",
                                kReadEncodings));
  }
  const std::string field = InvalidTextIn(bytes, type);
  if (!field.empty()) return InvalidField(field, "must be valid UTF-8");
  return Refusal(
      absl::StatusCode::kInvalidArgument, "REQUEST_MALFORMED",
      absl::StrCat("the request is not a ", type.full_name(),
                   "; if it is compressed, send it with grpc-encoding ", kReadEncodings));
}

}  // namespace

absl::Status ParseRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request) {
  // Protobuf would write a line of its own to stderr about each invalid text; the caller hears of
  // it.
  static const auto silenced = google::protobuf::SetLogHandler(nullptr);
  (void)silenced;
  if (bytes.Length() > static_cast<std::size_t>(kRequestBytesMax)) {
    return Refusal(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
                   absl::StrCat("the request is ", bytes.Length(), " bytes, and at most ",
                                kRequestBytesMax, " are taken: send less at a time"),
                   {{"bytes_max", std::to_string(kRequestBytesMax)}});
  }
  grpc::Slice slice;
  const bool whole = bytes.TrySingleSlice(&slice).ok() || bytes.DumpToSingleSlice(&slice).ok();
  if (whole && request.ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return absl::OkStatus();
  }
  return WhyUnparsable(slice, *request.GetDescriptor());
}

grpc::ByteBuffer ToByteBuffer(std::shared_ptr<const std::string> encoded) {
  auto* const owner = new std::shared_ptr<const std::string>(std::move(encoded));
  const std::string& bytes = **owner;
  const grpc::Slice slice(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void* shared) { delete static_cast<std::shared_ptr<const std::string>*>(shared); }, owner);
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer ToByteBuffer(const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  const grpc::Slice slice(size);
  message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace marginalia
