// The command that compares invoice-service's comment counts with the comments.
#ifndef MARGINALIA_DEPLOY_OPERATOR_PROJECTION_PROJECTION_VERIFY_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_PROJECTION_PROJECTION_VERIFY_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command ProjectionVerifyCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_PROJECTION_PROJECTION_VERIFY_RPC_H_
