// marginalia-operator health: whether a service says of itself that it serves.
#ifndef MARGINALIA_DEPLOY_OPERATOR_HEALTH_HEALTH_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_HEALTH_HEALTH_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command HealthCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_HEALTH_HEALTH_RPC_H_
