// The command that verifies an evidence file without the service.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_EVIDENCE_VERIFY_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_EVIDENCE_VERIFY_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command EvidenceVerifyCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_EVIDENCE_VERIFY_H_
