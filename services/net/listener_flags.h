// What a listener proves itself with, as the flags of every process say.
#ifndef MARGINALIA_SERVICES_NET_LISTENER_FLAGS_H_
#define MARGINALIA_SERVICES_NET_LISTENER_FLAGS_H_

#include <string_view>

#include "services/net/tls.h"

namespace marginalia {

// Ends the process with 2 when only one of --tls_certificate_path and --tls_key_path is given, and
// with 1 when their files will not do. With neither, the listener on `address` speaks plain text,
// which is warned of where more than this machine can reach it. After ParseConfigOrExit.
TlsIdentity ListenerIdentityFromFlags(std::string_view address);

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_NET_LISTENER_FLAGS_H_
