// marginalia-operator keys-init: the keys of one machine.
#ifndef MARGINALIA_DEPLOY_OPERATOR_KEYS_KEYS_INIT_H_
#define MARGINALIA_DEPLOY_OPERATOR_KEYS_KEYS_INIT_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command KeysInitCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_KEYS_KEYS_INIT_H_
