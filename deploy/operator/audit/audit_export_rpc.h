// The command that writes a tenant's audit log to a file.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_EXPORT_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_EXPORT_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command AuditExportCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_EXPORT_RPC_H_
