#include "gateway/api/json_members.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

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
class MemberReader {
 public:
  explicit MemberReader(std::vector<JsonMember> known) : known_(std::move(known)) {}

  // Boost.JSON itself refuses nothing by these.
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& error) {
    if (depth_ == 0) return ++depth_ == 1;
    if (depth_ > 1 || !HoldsMembers()) return WrongType(error);
    ++depth_;
    outer_ = name_ + ".";
    if (!members_.objects.insert(name_).second) {
      return Fail(InvalidField(name_, "must be there once only"), error);
    }
    name_.clear();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    --depth_;
    outer_.clear();
    End();
    text_ = nullptr;
    return true;
  }
  bool on_array_begin(error_code& error) {
    if (kind_ != Kind::kTexts || array_ != nullptr) return WrongType(error);
    array_ = &members_.text_arrays[name_];
    return true;
  }
  bool on_array_end(std::size_t, error_code&) {
    array_ = nullptr;
    End();
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    name_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    name_.append(part.data(), part.size());
    const bool is_path = name_.find('.') != std::string::npos;
    name_ = outer_ + name_;
    text_ = nullptr;
    kind_ = is_path ? std::nullopt : KindOf(name_);
    if (!is_path && HoldsMembers()) return true;
    if (!kind_.has_value()) {
      return Fail(InvalidField(ShownName(), "is not a known member"), error);
    }
    if (!seen_.insert(name_).second) {
      return Fail(InvalidField(name_, "must be there once only"), error);
    }
    if (kind_ == Kind::kText) text_ = &members_.texts[name_];
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code& error) {
    return Append(part, error);
  }
  bool on_string(json::string_view part, std::size_t, error_code& error) {
    const bool is_ours = Append(part, error);
    if (array_ != nullptr) {
      text_ = nullptr;
    } else {
      End();
    }
    return is_ours;
  }

  bool on_number_part(json::string_view, error_code& error) {
    return kind_ == Kind::kWholeNumber || WrongType(error);
  }
  bool on_int64(std::int64_t number, json::string_view, error_code& error) {
    if (kind_ != Kind::kWholeNumber) return WrongType(error);
    members_.numbers[name_] = number;
    End();
    return true;
  }
  bool on_uint64(std::uint64_t, json::string_view, error_code& error) { return WrongType(error); }
  bool on_double(double, json::string_view, error_code& error) { return WrongType(error); }
  bool on_bool(bool, error_code& error) { return WrongType(error); }
  bool on_null(error_code& error) { return WrongType(error); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  JsonMembers Take() { return std::move(members_); }
  const absl::Status& status() const { return status_; }
  // The known member whose value is being read; empty when there is none.
  std::string_view open_member() const {
    const bool open = text_ != nullptr || kind_ == Kind::kWholeNumber;
    return open ? name_ : std::string_view();
  }

 private:
  static constexpr std::size_t kNameCharactersShown = 64;
  using Kind = JsonMember::Kind;

  std::optional<Kind> KindOf(std::string_view name) const {
    for (const JsonMember& member : known_) {
      if (member.name == name) return member.kind;
    }
    return std::nullopt;
  }
  // The member has its value: what follows needs a name of its own.
  void End() {
    name_.clear();
    kind_ = std::nullopt;
  }

  // Whether the name read last is that of an object whose members are asked for.
  bool HoldsMembers() const {
    if (name_.empty()) return false;
    const std::string prefix = name_ + ".";
    return std::any_of(known_.begin(), known_.end(), [&prefix](const JsonMember& member) {
      return member.name.substr(0, prefix.size()) == prefix;
    });
  }
  bool Append(json::string_view part, error_code& error) {
    if (array_ != nullptr && text_ == nullptr) {
      if (array_->size() == kJsonTextsMax) {
        return Fail(InvalidField(name_, "must be at most " + std::to_string(kJsonTextsMax)), error);
      }
      text_ = &array_->emplace_back();
    }
    if (text_ == nullptr) return WrongType(error);
    text_->append(part.data(), part.size());
    return true;
  }
  // The caller's own text: cut, but never inside a character.
  std::string ShownName() const {
    std::size_t end = std::min(name_.size(), kNameCharactersShown);
    while (end < name_.size() && (static_cast<unsigned char>(name_[end]) & 0xC0) == 0x80) --end;
    return name_.substr(0, end);
  }
  std::string ElementName() const { return name_ + "[" + std::to_string(array_->size()) + "]"; }
  bool WrongType(error_code& error) {
    if (array_ != nullptr) return Fail(InvalidField(ElementName(), "must be a string"), error);
    if (kind_ == Kind::kTexts) {
      return Fail(InvalidField(name_, "must be an array of strings"), error);
    }
    if (kind_ == Kind::kWholeNumber)
      return Fail(InvalidField(name_, "must be a whole number"), error);
    if (HoldsMembers()) return Fail(InvalidField(name_, "must be an object"), error);
    return Fail(text_ != nullptr ? InvalidField(name_, "must be a string")
                                 : Refusal(absl::StatusCode::kInvalidArgument, "JSON_INVALID",
                                           "the request body must be a JSON object"),
                error);
  }
  bool Fail(absl::Status status, error_code& error) {
    status_ = std::move(status);
    error = json::error::exception;
    return false;
  }

  const std::vector<JsonMember> known_;
  int depth_ = 0;
  // Of the object within, with its dot; empty outside.
  std::string outer_;
  std::set<std::string> seen_;
  std::string name_;
  // Of the member of that name, while its value is being read.
  std::optional<Kind> kind_;
  // The array, and the text in it or by itself, that is being read.
  std::vector<std::string>* array_ = nullptr;
  std::string* text_ = nullptr;
  JsonMembers members_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<JsonMembers> ReadJsonMembers(std::string_view text,
                                            std::initializer_list<JsonMember> known) {
  // RFC 8259, 8.1: who reads may ignore it, rather than call it an error.
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  json::basic_parser<MemberReader> parser(json::parse_options{}, std::vector<JsonMember>(known));
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

std::string JsonMembers::TakeText(std::string_view name) {
  const auto text = texts.find(name);
  return text == texts.end() ? std::string() : std::move(text->second);
}

std::vector<std::string> JsonMembers::TakeTexts(std::string_view name) {
  const auto array = text_arrays.find(name);
  return array == text_arrays.end() ? std::vector<std::string>() : std::move(array->second);
}

}  // namespace marginalia
