#include "services/storage/connection/row_insert.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/storage/connection/text_array.h"

namespace marginalia {
namespace {

const char* ArrayType(RowInsert::Type type) {
  if (type == RowInsert::kInteger) return "BIGINT[]";
  return type == RowInsert::kText ? "TEXT[]" : "BYTEA[]";
}

}  // namespace

RowInsert::RowInsert(Connection& connection, std::string_view insert,
                     std::initializer_list<Type> types, std::string_view conflict)
    : connection_(connection) {
  std::string values;
  for (const Type type : types) {
    const std::string value = absl::StrCat(":v", slots_.size());
    absl::StrAppend(&values, slots_.empty() ? "" : ", ",
                    keeps() ? absl::StrCat("CAST(", value, " AS ", ArrayType(type), ")") : value);
    slots_.push_back({.type = type});
  }
  sql_ = absl::StrCat(std::string(insert), keeps() ? " SELECT * FROM unnest(" : " VALUES (", values,
                      ") ", std::string(conflict));
}

void RowInsert::Prepare() {
  soci::statement& statement = statement_.emplace(connection_.sql());
  statement.alloc();
  statement.prepare(sql_);
  for (Slot& slot : slots_) {
    if (!keeps() && slot.type == kInteger) {
      statement.exchange(soci::use(slot.integer));
    } else {
      statement.exchange(soci::use(slot.text));
    }
  }
  statement.define_and_bind();
}

RowInsert::Slot& RowInsert::NextSlot() { return slots_[next_slot_++]; }

RowInsert& RowInsert::Integer(std::int64_t value) {
  Slot& slot = NextSlot();
  if (keeps()) {
    AppendToArray(slot.text, std::to_string(value));
  } else {
    slot.integer = value;
  }
  return *this;
}

RowInsert& RowInsert::Text(std::string_view value) {
  Slot& slot = NextSlot();
  if (keeps()) {
    AppendToArray(slot.text, value);
    kept_bytes_ += value.size();
  } else {
    slot.text = value;
  }
  return *this;
}

RowInsert& RowInsert::Bytes(std::string_view value) { return Text(connection_.ToColumn(value)); }

void RowInsert::EndRow() {
  next_slot_ = 0;
  if (!keeps()) {
    if (!statement_.has_value()) Prepare();
    statement_->execute(true);
    return;
  }
  std::vector<RowInsert*>& kept = connection_.kept_rows_;
  if (std::find(kept.begin(), kept.end(), this) == kept.end()) kept.push_back(this);
  if (kept_bytes_ > kKeptRowsBytesMax) connection_.WriteKeptRows();
}

void RowInsert::WriteKept() {
  connection_.Settle();
  if (!statement_.has_value()) Prepare();
  for (Slot& slot : slots_) CloseArray(slot.text);
  statement_->execute(true);
  for (Slot& slot : slots_) slot.text.clear();
  kept_bytes_ = 0;
}

}  // namespace marginalia
