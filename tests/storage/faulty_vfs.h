// A VFS of SQLite whose disk fails on demand: refuses to sync or hangs in it, is full, or loses its
// power and with it what was not synced. Opened through sqlite:PATH?vfs=NAME. Thread-safe.
#ifndef MARGINALIA_TESTS_STORAGE_FAULTY_VFS_H_
#define MARGINALIA_TESTS_STORAGE_FAULTY_VFS_H_

#include <cstdint>
#include <memory>
#include <string>

namespace marginalia {

class FaultyVfs {
 public:
  // Registers itself under a name of its own; at most one at a time.
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  static const char* name();

  // Every sync fails, or works again.
  void FailSyncs(bool fail);
  // Every write fails for lack of room, or works again.
  void FillDisk(bool full);
  // While held, a sync of the database's own file, not of its log, hangs.
  void HoldFileSyncs(bool held);
  // How many of them hang.
  int held_syncs() const;
  // How many syncs have succeeded.
  std::int64_t syncs() const;

  // From here on nothing reaches the disk or comes from it, until RestorePower.
  void CutPower();
  // Leaves in each file what had been synced, and of each write that had not been, by the throw of
  // a coin, all or nothing; `seed` 0 loses all of them. The files must have been closed.
  void RestorePower(std::uint64_t seed);

  struct Disk;

 private:
  std::unique_ptr<Disk> disk_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_STORAGE_FAULTY_VFS_H_
