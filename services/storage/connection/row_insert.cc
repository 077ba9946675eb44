#include "services/storage/connection/row_insert.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/storage/connection/pipeline.h"
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
    const std::size_t number = slots_.size() + 1;
    absl::StrAppend(&values, slots_.empty() ? "" : ", ",
                    keeps() ? absl::StrCat("CAST($", number, " AS ", ArrayType(type), ")")
                            : absl::StrCat(":v", number));
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
    if (slot.type == kInteger) {
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

RowInsert& RowInsert::WriteBefore() {
  connection_.WriteKeptRows();
  return *this;
}

void RowInsert::WriteKept() {
  std::vector<const char*> arrays;
  arrays.reserve(slots_.size());
  for (Slot& slot : slots_) {
    CloseArray(slot.text);
    arrays.push_back(slot.text.c_str());
  }
  connection_.Send();
  connection_.pipeline_->Send(sql_, arrays, nullptr);
  for (Slot& slot : slots_) slot.text.clear();
  kept_bytes_ = 0;
}

}  // namespace marginalia
