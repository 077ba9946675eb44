#include "services/storage/connection/row_select.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <utility>

#include "services/storage/connection/native.h"

namespace marginalia {

RowSelect::RowSelect(Connection& connection, std::string_view select,
                     std::initializer_list<Type> parameters, std::initializer_list<Type> columns)
    : connection_(connection), sql_(select) {
  for (const Type type : parameters) parameters_.push_back({.type = type});
  for (const Type type : columns) columns_.push_back({.type = type});
  native() ? PrepareNative() : Prepare();
}

RowSelect::~RowSelect() { sqlite_api::sqlite3_finalize(native_); }

void RowSelect::Prepare() {
  soci::statement& statement = statement_.emplace(connection_.sql());
  statement.alloc();
  statement.prepare(sql_);
  for (Slot& slot : parameters_) {
    if (slot.type == kInteger) {
      statement.exchange(soci::use(slot.integer));
    } else {
      statement.exchange(soci::use(slot.text));
    }
  }
  for (Slot& slot : columns_) {
    if (slot.type == kInteger) {
      statement.exchange(soci::into(slot.integer));
    } else {
      statement.exchange(soci::into(slot.text));
    }
  }
  statement.define_and_bind();
}

void RowSelect::PrepareNative() {
  const int code = sqlite_api::sqlite3_prepare_v3(NativeSqlite(connection_.sql()), sql_.data(),
                                                  static_cast<int>(sql_.size()),
                                                  SQLITE_PREPARE_PERSISTENT, &native_, nullptr);
  if (code != SQLITE_OK) ThrowNative(code);
}

void RowSelect::ThrowNative(int code) {
  const std::string message = sqlite_api::sqlite3_errmsg(NativeSqlite(connection_.sql()));
  sqlite_api::sqlite3_reset(native_);
  throw soci::sqlite3_soci_error(message, code);
}

int RowSelect::NextParameter() {
  // What is left of a run before, which an error has ended.
  if (native() && next_parameter_ == 0) sqlite_api::sqlite3_reset(native_);
  running_ = false;
  return static_cast<int>(++next_parameter_);
}

RowSelect& RowSelect::With(std::int64_t value) {
  const int number = NextParameter();
  if (native()) {
    sqlite_api::sqlite3_bind_int64(native_, number, value);
  } else {
    parameters_[static_cast<std::size_t>(number) - 1].integer = value;
  }
  return *this;
}

RowSelect& RowSelect::With(std::string_view value) {
  const int number = NextParameter();
  std::string& text = parameters_[static_cast<std::size_t>(number) - 1].text;
  text = value;
  if (!native()) return *this;
  const int code = sqlite_api::sqlite3_bind_text(native_, number, text.data(),
                                                 static_cast<int>(text.size()), nullptr);
  if (code != SQLITE_OK) ThrowNative(code);
  return *this;
}

bool RowSelect::Next() {
  next_parameter_ = 0;
  if (native()) return NextNative();
  if (std::exchange(running_, true)) return statement_->fetch();
  connection_.Settle();
  return statement_->execute(true);
}

bool RowSelect::NextNative() {
  const int code = sqlite_api::sqlite3_step(native_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) ThrowNative(code);
  // Lets go of the snapshot as far as this statement holds it.
  sqlite_api::sqlite3_reset(native_);
  return false;
}

std::int64_t RowSelect::Integer(std::size_t column) const {
  return native() ? sqlite_api::sqlite3_column_int64(native_, static_cast<int>(column))
                  : columns_[column].integer;
}

std::string_view RowSelect::Text(std::size_t column) const {
  if (!native()) return columns_[column].text;
  const auto* text = sqlite_api::sqlite3_column_text(native_, static_cast<int>(column));
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(
              sqlite_api::sqlite3_column_bytes(native_, static_cast<int>(column)))};
}

}  // namespace marginalia
