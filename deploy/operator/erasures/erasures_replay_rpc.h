// The command that brings a restored database up to date with what was erased since its backup.
#ifndef MARGINALIA_DEPLOY_OPERATOR_ERASURES_ERASURES_REPLAY_RPC_H_
#define MARGINALIA_DEPLOY_OPERATOR_ERASURES_ERASURES_REPLAY_RPC_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command ErasuresReplayCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_ERASURES_ERASURES_REPLAY_RPC_H_
