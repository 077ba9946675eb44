// audit-monitor: follows the record of a tenant from outside, and ends loudly when it does not only
// grow.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_MONITOR_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_MONITOR_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command AuditMonitorCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_MONITOR_RPC_H_
