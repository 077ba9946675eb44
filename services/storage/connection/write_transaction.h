// One transaction on the writing connection. Rolls back when it goes before it was committed.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_WRITE_TRANSACTION_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_WRITE_TRANSACTION_H_

#include <stdexcept>

#include "services/storage/connection/connection.h"

namespace marginalia {

class WriteTransaction {
 public:
  // For no tenant yet. Throws what SOCI throws, as Commit does.
  explicit WriteTransaction(Connection& connection) : connection_(connection) {
    connection_.Begin();
  }
  ~WriteTransaction() {
    if (open_) connection_.Rollback();
  }
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;

  // All but the commit: until here a failure means that nothing happened. Throws when a statement
  // failed and its exception was swallowed, because PostgreSQL would quietly roll back. There the
  // last rows go on their way with the commit: what fails then with an answer of the server has not
  // happened either.
  void Prepare() {
    connection_.WriteKeptRows();
    if (connection_.InFailedTransaction()) {
      throw std::runtime_error("a statement of the transaction failed unheard");
    }
  }

  void Commit() {
    Prepare();
    connection_.Commit();
    open_ = false;
  }

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_WRITE_TRANSACTION_H_
