// Its place is deploy/keys; this one goes when nothing includes it any more.
#ifndef MARGINALIA_DEPLOY_DEMO_TOKEN_MINT_H_
#define MARGINALIA_DEPLOY_DEMO_TOKEN_MINT_H_

#include "deploy/keys/token_mint.h"  // IWYU pragma: export

#endif  // MARGINALIA_DEPLOY_DEMO_TOKEN_MINT_H_
