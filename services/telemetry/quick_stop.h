// Makes the exposer of prometheus-cpp stop at once. Its web server looks whether it shall stop only
// when its wait for connections ends, up to two seconds later; a connection ends the wait.
#ifndef MARGINALIA_SERVICES_TELEMETRY_QUICK_STOP_H_
#define MARGINALIA_SERVICES_TELEMETRY_QUICK_STOP_H_

#include <memory>
#include <string>

namespace prometheus {
class Exposer;
}

namespace marginalia {

// Destroys `exposer`, which listens on `address` (host:port).
void StopQuickly(std::unique_ptr<prometheus::Exposer> exposer, const std::string& address);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TELEMETRY_QUICK_STOP_H_
