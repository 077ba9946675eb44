// The command that makes the key with which the services sign checkpoints.
#ifndef MARGINALIA_DEPLOY_OPERATOR_AUDIT_CHECKPOINT_KEY_INIT_H_
#define MARGINALIA_DEPLOY_OPERATOR_AUDIT_CHECKPOINT_KEY_INIT_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command CheckpointKeyInitCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_AUDIT_CHECKPOINT_KEY_INIT_H_
