// marginalia-operator: what is done by hand, or by a timer, to a running Marginalia.
#include "deploy/operator/audit/audit_export_rpc.h"
#include "deploy/operator/audit/audit_monitor_rpc.h"
#include "deploy/operator/audit/audit_verify.h"
#include "deploy/operator/audit/checkpoint_key_init.h"
#include "deploy/operator/audit/evidence_export_rpc.h"
#include "deploy/operator/audit/evidence_verify.h"
#include "deploy/operator/backup/backup.h"
#include "deploy/operator/backup/restore.h"
#include "deploy/operator/command.h"
#include "deploy/operator/erasures/erasures_replay_rpc.h"
#include "deploy/operator/health/health_rpc.h"
#include "deploy/operator/keys/keys_init.h"
#include "deploy/operator/keys/token.h"
#include "deploy/operator/projection/projection_rebuild_rpc.h"
#include "deploy/operator/projection/projection_verify_rpc.h"

int main(int argc, char** argv) {
  return marginalia::RunCommand(
      {marginalia::BackupCommand(), marginalia::RestoreCommand(), marginalia::AuditExportCommand(),
       marginalia::AuditVerifyCommand(), marginalia::AuditMonitorCommand(),
       marginalia::CheckpointKeyInitCommand(), marginalia::EvidenceExportCommand(),
       marginalia::EvidenceVerifyCommand(), marginalia::ErasuresReplayCommand(),
       marginalia::ProjectionVerifyCommand(), marginalia::ProjectionRebuildCommand(),
       marginalia::HealthCommand(), marginalia::KeysInitCommand(), marginalia::TokenCommand()},
      argc, argv);
}
