// One database connection with its prepared statements. Used by one thread at a time; owned by
// Database, lent to readers and to the writer.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_H_

#include <soci/soci.h>

#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>

namespace marginalia {

enum class DatabaseKind { kSqlite, kPostgres };

class Connection {
 public:
  DatabaseKind kind() const { return kind_; }
  soci::session& sql() { return session_; }

  // The statements of a store, prepared on this connection at first use: `Statements` is a class
  // with a constructor from Connection&. They die with the connection.
  template <class Statements>
  Statements& Prepared() {
    std::shared_ptr<void>& slot = prepared_[std::type_index(typeid(Statements))];
    if (slot == nullptr) slot = std::make_shared<Statements>(*this);
    return *static_cast<Statements*>(slot.get());
  }

  // Bytes as this database takes and gives them in a bytes column through a std::string: as they are
  // on SQLite, in hex format on PostgreSQL, whose text is cut at NUL.
  std::string ToColumn(std::string_view bytes) const;
  std::string FromColumn(std::string column) const;

 private:
  friend class Database;
  friend class GroupCommit;
  Connection() = default;
  DatabaseKind kind_ = DatabaseKind::kSqlite;
  soci::session session_;
  // After session_, so that statements are gone before their session.
  std::unordered_map<std::type_index, std::shared_ptr<void>> prepared_;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_H_
