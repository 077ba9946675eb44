#include "gateway/api/posted_comment.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <string>

#include "services/errors/errors.h"
#include "services/text/utf8.h"

namespace marginalia {
namespace {

namespace json = boost::json;
using boost::system::error_code;

// Of UTF-8, as some editors and libraries write it.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The handler of Boost.JSON's streaming parser: builds no tree, and so sees what a tree would hide,
// such as a member that is there twice.
class PostedComment {
 public:
  // Boost.JSON itself refuses nothing by these.
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& error) { return depth_++ == 0 || WrongType(error); }
  bool on_object_end(std::size_t, error_code&) { return true; }
  bool on_array_begin(error_code& error) { return WrongType(error); }
  bool on_array_end(std::size_t, error_code&) { return true; }

  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    name_.append(part.data(), part.size());
    member_ = name_ == "id" ? &id_ : name_ == "body" ? &body_ : nullptr;
    if (member_ == nullptr) return Fail(InvalidField(ShownName(), "is not a known member"), error);
    if (*member_) return Fail(InvalidField(name_, "must be there once only"), error);
    member_->emplace();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code& error) {
    return Append(part, error);
  }
  bool on_string(json::string_view part, std::size_t, error_code& error) {
    name_.clear();
    return Append(part, error);
  }

  bool on_number_part(json::string_view, error_code& error) { return WrongType(error); }
  bool on_int64(std::int64_t, json::string_view, error_code& error) { return WrongType(error); }
  bool on_uint64(std::uint64_t, json::string_view, error_code& error) { return WrongType(error); }
  bool on_double(double, json::string_view, error_code& error) { return WrongType(error); }
  bool on_bool(bool, error_code& error) { return WrongType(error); }
  bool on_null(error_code& error) { return WrongType(error); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  absl::StatusOr<comments::v1::AddCommentRequest> Take() {
    if (!body_) return InvalidField("body", "is missing");
    comments::v1::AddCommentRequest request;
    if (id_) request.set_comment_id(std::move(*id_));
    request.set_body(std::move(*body_));
    return request;
  }
  const absl::Status& status() const { return status_; }
  // The known member whose value is being read; empty when there is none.
  std::string_view open_member() const { return member_ != nullptr ? name_ : std::string_view(); }

 private:
  static constexpr std::size_t kNameCharactersShown = 64;

  bool Append(json::string_view part, error_code& error) {
    if (member_ == nullptr) return WrongType(error);
    (*member_)->append(part.data(), part.size());
    return true;
  }
  // The caller's own text: cut, but never inside a character.
  std::string ShownName() const {
    std::size_t end = std::min(name_.size(), kNameCharactersShown);
    while (end < name_.size() && (static_cast<unsigned char>(name_[end]) & 0xC0) == 0x80) --end;
    return name_.substr(0, end);
  }
  bool WrongType(error_code& error) {
    return Fail(member_ != nullptr ? InvalidField(name_, "must be a string")
                                   : Refusal(absl::StatusCode::kInvalidArgument, "JSON_INVALID",
                                             "the request body must be a JSON object"),
                error);
  }
  bool Fail(absl::Status status, error_code& error) {
    status_ = std::move(status);
    error = json::error::exception;
    return false;
  }

  int depth_ = 0;
  std::string name_;
  std::optional<std::string>* member_ = nullptr;
  std::optional<std::string> id_;
  std::optional<std::string> body_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<comments::v1::AddCommentRequest> AddCommentFromJson(std::string_view text) {
  // RFC 8259, 8.1: who reads may ignore it, rather than call it an error.
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  json::basic_parser<PostedComment> parser(json::parse_options{});
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  if (!parser.handler().status().ok()) return parser.handler().status();
  const std::string_view member = parser.handler().open_member();
  if (error && !member.empty() && !IsValidUtf8(text)) {
    return InvalidField(member, "must be valid UTF-8");
  }
  if (error || read != text.size()) {
    return Refusal(absl::StatusCode::kInvalidArgument, "JSON_INVALID",
                   "the request body must be one JSON object in UTF-8; byte " +
                       std::to_string(read) + " does not fit");
  }
  return parser.handler().Take();
}

}  // namespace marginalia
