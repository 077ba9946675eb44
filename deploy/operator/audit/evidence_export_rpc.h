// evidence-export: writes a thread with all that proves it to a file.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_EVIDENCE_EXPORT_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_EVIDENCE_EXPORT_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command EvidenceExportCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_EVIDENCE_EXPORT_RPC_H_
