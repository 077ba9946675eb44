// A state of the storage from which this process can never write again, whatever it tries: only
// another start helps, after somebody has put right what is wrong.
#ifndef MARGINALIA_SERVICES_STORAGE_CONNECTION_FINAL_STATE_H_
#define MARGINALIA_SERVICES_STORAGE_CONNECTION_FINAL_STATE_H_

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

namespace marginalia {

class Connection;

// Thrown by whoever finds such a state; what() says, for the operator, what is wrong and what to
// do. GroupCommit answers the group UNAVAILABLE, accepts no further write, and has the process end.
class FinalState : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What is wrong and what to do, when `error` says that it is such a state: a FinalState, a SQLite
// file that is damaged or can only be read, tables that are gone from a PostgreSQL database.
std::optional<std::string> FinalStateIn(const std::exception& error);

// In a transaction, before COMMIT: throws a FinalState when the SQLite file that is open is no
// longer the one at its path. What is written to it then would be gone with this process.
void CheckFileInPlace(Connection& connection);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_STORAGE_CONNECTION_FINAL_STATE_H_
