// The command that copies a service's SQLite database while the service runs.
#ifndef MARGINALIA_DEPLOY_OPERATOR_BACKUP_BACKUP_H_
#define MARGINALIA_DEPLOY_OPERATOR_BACKUP_BACKUP_H_

#include "deploy/operator/command.h"

namespace marginalia {

Command BackupCommand();

}  // namespace marginalia

#endif  // MARGINALIA_DEPLOY_OPERATOR_BACKUP_BACKUP_H_
