// What a connection keeps for another file (connection_test).
#ifndef MARGINALIA_TESTS_STORAGE_KEPT_ELSEWHERE_H_
#define MARGINALIA_TESTS_STORAGE_KEPT_ELSEWHERE_H_

#include "services/storage/connection/connection.h"

namespace marginalia {

// Where it is: a class `Kept` in an unnamed namespace.
const void* KeptElsewhere(Connection& connection);

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_STORAGE_KEPT_ELSEWHERE_H_
