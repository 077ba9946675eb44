// marginalia-operator: what is done by hand, or by a timer, to a running Marginalia.
#include "deploy/operator/audit_export_rpc.h"
#include "deploy/operator/audit_verify.h"
#include "deploy/operator/backup.h"
#include "deploy/operator/command.h"
#include "deploy/operator/projection_rebuild_rpc.h"
#include "deploy/operator/projection_verify_rpc.h"
#include "deploy/operator/restore.h"

int main(int argc, char** argv) {
  return marginalia::RunCommand(
      {marginalia::BackupCommand(), marginalia::RestoreCommand(), marginalia::AuditExportCommand(),
       marginalia::AuditVerifyCommand(), marginalia::ProjectionVerifyCommand(),
       marginalia::ProjectionRebuildCommand()},
      argc, argv);
}
