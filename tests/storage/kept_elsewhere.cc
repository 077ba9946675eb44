#include "tests/storage/kept_elsewhere.h"

namespace marginalia {
namespace {

struct Kept {
  explicit Kept(Connection& connection) {}
};

}  // namespace

const void* KeptElsewhere(Connection& connection) { return &connection.Prepared<Kept>(); }

}  // namespace marginalia
