// What is thrown where a tenant's record, as it is stored, does not fit itself. It does not pass:
// only somebody with the database can mend it.
#ifndef MARGINALIA_COMMENTS_SERVICE_RECORD_DAMAGED_RECORD_H_
#define MARGINALIA_COMMENTS_SERVICE_RECORD_DAMAGED_RECORD_H_

#include <stdexcept>

namespace marginalia {

// what() says what is wrong, in words that are the same each time that it is found.
class DamagedRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_RECORD_DAMAGED_RECORD_H_
