// The command that verifies an exported audit log without the service.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_VERIFY_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_VERIFY_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command AuditVerifyCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_AUDIT_VERIFY_H_
