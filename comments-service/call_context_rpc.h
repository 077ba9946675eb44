// The context of a use case from the call that passed the gate.
#ifndef MARGINALIA_COMMENTS_SERVICE_CALL_CONTEXT_RPC_H_
#define MARGINALIA_COMMENTS_SERVICE_CALL_CONTEXT_RPC_H_

#include "comments-service/call_context.h"
#include "services/rpc/gate/gate.h"

namespace marginalia {

inline CallContext ContextOf(const AdmittedCall& call) {
  return {.caller = call.caller(),
          .bearer = call.bearer(),
          .request_id = call.request_id(),
          .deadline = call.deadline(),
          .trace = &call.trace()};
}

}  // namespace marginalia

#endif  // MARGINALIA_COMMENTS_SERVICE_CALL_CONTEXT_RPC_H_
