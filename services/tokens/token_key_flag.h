// --token_key_path, which every process has. Called once from main.
#ifndef MARGINALIA_SERVICES_TOKENS_TOKEN_KEY_FLAG_H_
#define MARGINALIA_SERVICES_TOKENS_TOKEN_KEY_FLAG_H_

namespace marginalia {

// Seals this process's tokens with the keys that the flag names, or says on stderr why it cannot
// and exits with 2. Without the flag the log says that tokens are readable.
void SealTokensAsFlagged();

}  // namespace marginalia

#endif  // MARGINALIA_SERVICES_TOKENS_TOKEN_KEY_FLAG_H_
