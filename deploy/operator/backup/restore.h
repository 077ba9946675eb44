// The command that puts a backup in the place of a stopped service's SQLite database.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_RESTORE_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_RESTORE_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command RestoreCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_RESTORE_H_
