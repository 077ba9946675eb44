// marginalia-operator token: a bearer token, signed with the key that keys-init made.
#ifndef MARGINALIA_DEPLOY_OPERATOR_KEYS_TOKEN_H_
#define MARGINALIA_DEPLOY_OPERATOR_KEYS_TOKEN_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command TokenCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_KEYS_TOKEN_H_
