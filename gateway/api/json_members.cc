#include "gateway/api/json_members.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
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
  explicit MemberReader(std::vector<std::string_view> names) : names_(std::move(names)) {}

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
    if (!objects_.insert(outer_).second) {
      return Fail(InvalidField(name_, "must be there once only"), error);
    }
    name_.clear();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    --depth_;
    outer_.clear();
    End();
    member_ = nullptr;
    return true;
  }
  bool on_array_begin(error_code& error) {
    if (type_ != Type::kTexts || in_array_) return WrongType(error);
    in_array_ = true;
    texts_ = 0;
    return true;
  }
  bool on_array_end(std::size_t, error_code&) {
    in_array_ = false;
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
    member_ = nullptr;
    type_ = is_path ? Type::kUnknown : TypeOf(name_);
    if (!is_path && HoldsMembers()) return true;
    if (type_ == Type::kUnknown) {
      return Fail(InvalidField(ShownName(), "is not a known member"), error);
    }
    if (!seen_.insert(name_).second) {
      return Fail(InvalidField(name_, "must be there once only"), error);
    }
    if (type_ != Type::kTexts) member_ = &members_[name_];
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code& error) {
    return Append(part, error);
  }
  bool on_string(json::string_view part, std::size_t, error_code& error) {
    const bool is_ours = Append(part, error);
    if (in_array_) {
      member_ = nullptr;
      ++texts_;
    } else {
      End();
    }
    return is_ours;
  }

  bool on_number_part(json::string_view, error_code& error) {
    return type_ == Type::kNumber || WrongType(error);
  }
  bool on_int64(std::int64_t number, json::string_view, error_code& error) {
    if (type_ != Type::kNumber) return WrongType(error);
    *member_ = std::to_string(number);
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
  std::string_view open_member() const { return member_ != nullptr ? name_ : std::string_view(); }

 private:
  static constexpr std::size_t kNameCharactersShown = 64;
  enum class Type { kUnknown, kText, kTexts, kNumber };

  Type TypeOf(const std::string& name) const {
    const auto known = [this](const std::string& as) {
      return std::find(names_.begin(), names_.end(), as) != names_.end();
    };
    // What marks a type is no part of a name.
    if (name.find_first_of("[]#") != name.npos) return Type::kUnknown;
    if (known(name)) return Type::kText;
    if (known(name + "[]")) return Type::kTexts;
    return known(name + "#") ? Type::kNumber : Type::kUnknown;
  }
  // The member has its value: what follows needs a name of its own.
  void End() {
    name_.clear();
    type_ = Type::kUnknown;
  }

  // Whether the name read last is that of an object whose members are asked for.
  bool HoldsMembers() const {
    if (name_.empty()) return false;
    const std::string prefix = name_ + ".";
    return std::any_of(names_.begin(), names_.end(), [&prefix](std::string_view name) {
      return name.substr(0, prefix.size()) == prefix;
    });
  }
  bool Append(json::string_view part, error_code& error) {
    if (in_array_ && member_ == nullptr) {
      if (texts_ == kJsonTextsMax) {
        return Fail(InvalidField(name_, "must be at most " + std::to_string(kJsonTextsMax)), error);
      }
      member_ = &members_[ElementName()];
    }
    if (member_ == nullptr || type_ == Type::kNumber) return WrongType(error);
    member_->append(part.data(), part.size());
    return true;
  }
  // The caller's own text: cut, but never inside a character.
  std::string ShownName() const {
    std::size_t end = std::min(name_.size(), kNameCharactersShown);
    while (end < name_.size() && (static_cast<unsigned char>(name_[end]) & 0xC0) == 0x80) --end;
    return name_.substr(0, end);
  }
  std::string ElementName() const { return name_ + "[" + std::to_string(texts_) + "]"; }
  bool WrongType(error_code& error) {
    if (in_array_) return Fail(InvalidField(ElementName(), "must be a string"), error);
    if (type_ == Type::kTexts) {
      return Fail(InvalidField(name_, "must be an array of strings"), error);
    }
    if (type_ == Type::kNumber) return Fail(InvalidField(name_, "must be a whole number"), error);
    if (HoldsMembers()) return Fail(InvalidField(name_, "must be an object"), error);
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

  const std::vector<std::string_view> names_;
  int depth_ = 0;
  // Of the object within, with its dot; empty outside.
  std::string outer_;
  std::set<std::string> objects_;
  std::set<std::string> seen_;
  std::string name_;
  // Of the member of that name, while its value is being read.
  Type type_ = Type::kUnknown;
  bool in_array_ = false;
  std::size_t texts_ = 0;  // read of the array
  std::string* member_ = nullptr;
  JsonMembers members_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<JsonMembers> ReadJsonMembers(std::string_view text,
                                            std::initializer_list<std::string_view> names) {
  // RFC 8259, 8.1: who reads may ignore it, rather than call it an error.
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  json::basic_parser<MemberReader> parser(json::parse_options{},
                                          std::vector<std::string_view>(names));
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

std::vector<std::string> TextsOf(const JsonMembers& members, std::string_view name) {
  std::vector<std::string> texts;
  while (true) {
    const auto text = members.find(std::string(name) + "[" + std::to_string(texts.size()) + "]");
    if (text == members.end()) return texts;
    texts.push_back(text->second);
  }
}

}  // namespace marginalia
