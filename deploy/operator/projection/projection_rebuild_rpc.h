// The command that makes invoice-service's comment counts anew.
#ifndef MARGINALIA_DEPLOY_OPERATOR_PROJECTION_PROJECTION_REBUILD_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_PROJECTION_PROJECTION_REBUILD_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command ProjectionRebuildCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_PROJECTION_PROJECTION_REBUILD_RPC_H_
