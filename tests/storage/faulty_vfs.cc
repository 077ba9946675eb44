#include "tests/storage/faulty_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace marginalia {

namespace {

// A change that no sync has made durable yet: bytes written, or the length a file was cut to.
struct Change {
  sqlite3_int64 offset = 0;
  std::optional<std::string> bytes;
};

struct FileContents {
  std::string durable;
  std::vector<Change> pending;
};

void ApplyTo(std::string& contents, const Change& change) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (!change.bytes.has_value()) return contents.resize(std::min(contents.size(), offset));
  contents.resize(std::max(contents.size(), offset + change.bytes->size()));
  std::copy(change.bytes->begin(), change.bytes->end(),
            contents.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

struct FaultyVfs::Disk {
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs vfs = {};
  std::mutex mutex;
  bool syncs_fail = false;
  bool full = false;
  bool power = true;
  bool file_syncs_held = false;
  int held_syncs = 0;
  std::condition_variable released;
  std::int64_t syncs = 0;
  std::map<std::string, FileContents> files;
};

namespace {

using Disk = FaultyVfs::Disk;

// SQLite allocates szOsFile bytes for it; the real file lies behind it.
struct File {
  sqlite3_file base;
  Disk* disk;
  FileContents* contents;  // null for files that nobody would miss
  bool is_database;        // and not its log or a journal

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

int Close(sqlite3_file* file) { return Of(file)->real()->pMethods->xClose(Of(file)->real()); }

int Read(sqlite3_file* file, void* buffer, int bytes, sqlite3_int64 offset) {
  const std::lock_guard lock(Of(file)->disk->mutex);
  if (!Of(file)->disk->power) return SQLITE_IOERR_READ;
  return Of(file)->real()->pMethods->xRead(Of(file)->real(), buffer, bytes, offset);
}

int Write(sqlite3_file* file, const void* buffer, int bytes, sqlite3_int64 offset) {
  Disk& disk = *Of(file)->disk;
  const std::lock_guard lock(disk.mutex);
  if (!disk.power) return SQLITE_IOERR_WRITE;
  if (disk.full) return SQLITE_FULL;
  if (FileContents* contents = Of(file)->contents) {
    contents->pending.push_back(
        {offset, std::string(static_cast<const char*>(buffer), static_cast<std::size_t>(bytes))});
  }
  return Of(file)->real()->pMethods->xWrite(Of(file)->real(), buffer, bytes, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const std::lock_guard lock(Of(file)->disk->mutex);
  if (!Of(file)->disk->power) return SQLITE_IOERR_TRUNCATE;
  if (FileContents* contents = Of(file)->contents) contents->pending.push_back({size, {}});
  return Of(file)->real()->pMethods->xTruncate(Of(file)->real(), size);
}

// The real file need not be synced: it only loses what this disk says it loses.
int Sync(sqlite3_file* file, int) {
  Disk& disk = *Of(file)->disk;
  std::unique_lock lock(disk.mutex);
  if (Of(file)->is_database) {
    ++disk.held_syncs;
    disk.released.wait(lock, [&disk] { return !disk.file_syncs_held; });
    --disk.held_syncs;
  }
  if (!disk.power || disk.syncs_fail) return SQLITE_IOERR_FSYNC;
  ++disk.syncs;
  FileContents* contents = Of(file)->contents;
  if (contents == nullptr) return SQLITE_OK;
  for (const Change& change : contents->pending) ApplyTo(contents->durable, change);
  contents->pending.clear();
  return SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Of(file)->real()->pMethods->xFileSize(Of(file)->real(), size);
}
int Lock(sqlite3_file* file, int level) {
  return Of(file)->real()->pMethods->xLock(Of(file)->real(), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Of(file)->real()->pMethods->xUnlock(Of(file)->real(), level);
}
int CheckReservedLock(sqlite3_file* file, int* reserved) {
  return Of(file)->real()->pMethods->xCheckReservedLock(Of(file)->real(), reserved);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  return Of(file)->real()->pMethods->xFileControl(Of(file)->real(), operation, argument);
}
int SectorSize(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xSectorSize(Of(file)->real());
}
int DeviceCharacteristics(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xDeviceCharacteristics(Of(file)->real());
}
int ShmMap(sqlite3_file* file, int page, int bytes, int extend, void volatile** memory) {
  return Of(file)->real()->pMethods->xShmMap(Of(file)->real(), page, bytes, extend, memory);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return Of(file)->real()->pMethods->xShmLock(Of(file)->real(), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { Of(file)->real()->pMethods->xShmBarrier(Of(file)->real()); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Of(file)->real()->pMethods->xShmUnmap(Of(file)->real(), remove);
}

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Unlock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = ShmMap,
    .xShmLock = ShmLock,
    .xShmBarrier = ShmBarrier,
    .xShmUnmap = ShmUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  auto& disk = *static_cast<Disk*>(vfs->pAppData);
  File* opened = Of(file);
  opened->base.pMethods = nullptr;
  opened->disk = &disk;
  opened->contents = nullptr;
  opened->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  const int result = disk.real->xOpen(disk.real, path, opened->real(), flags, flags_out);
  if (result != SQLITE_OK) return result;
  opened->base.pMethods = &kMethods;
  if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) == 0) {
    return SQLITE_OK;
  }
  const std::lock_guard lock(disk.mutex);
  const auto [entry, is_new] = disk.files.try_emplace(path);
  if (is_new) entry->second.durable = ReadWhole(path);
  opened->contents = &entry->second;
  return SQLITE_OK;
}

// A file that was removed may be made again: its entry stays, because it may still be open.
int Delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  auto& disk = *static_cast<Disk*>(vfs->pAppData);
  const std::lock_guard lock(disk.mutex);
  if (!disk.power) return SQLITE_IOERR_DELETE;
  const int result = disk.real->xDelete(disk.real, path, sync_directory);
  if (const auto entry = disk.files.find(path); result == SQLITE_OK && entry != disk.files.end()) {
    entry->second = {};
  }
  return result;
}

}  // namespace

FaultyVfs::FaultyVfs() : disk_(std::make_unique<Disk>()) {
  disk_->real = sqlite3_vfs_find(nullptr);
  disk_->vfs = *disk_->real;
  disk_->vfs.pNext = nullptr;
  disk_->vfs.zName = name();
  disk_->vfs.szOsFile = static_cast<int>(sizeof(File)) + disk_->real->szOsFile;
  disk_->vfs.pAppData = disk_.get();
  disk_->vfs.xOpen = Open;
  disk_->vfs.xDelete = Delete;
  // The other functions of the real one look at their first argument.
  disk_->vfs.xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    sqlite3_vfs* real = static_cast<Disk*>(vfs->pAppData)->real;
    return real->xAccess(real, path, flags, result);
  };
  disk_->vfs.xFullPathname = [](sqlite3_vfs* vfs, const char* path, int bytes, char* full) {
    sqlite3_vfs* real = static_cast<Disk*>(vfs->pAppData)->real;
    return real->xFullPathname(real, path, bytes, full);
  };
  if (sqlite3_vfs_register(&disk_->vfs, /*makeDflt=*/0) != SQLITE_OK) std::abort();
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&disk_->vfs); }

const char* FaultyVfs::name() { return "faulty"; }

void FaultyVfs::FailSyncs(bool fail) {
  const std::lock_guard lock(disk_->mutex);
  disk_->syncs_fail = fail;
}

void FaultyVfs::FillDisk(bool full) {
  const std::lock_guard lock(disk_->mutex);
  disk_->full = full;
}

void FaultyVfs::HoldFileSyncs(bool held) {
  {
    const std::lock_guard lock(disk_->mutex);
    disk_->file_syncs_held = held;
  }
  disk_->released.notify_all();
}

int FaultyVfs::held_syncs() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->held_syncs;
}

std::int64_t FaultyVfs::syncs() const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->syncs;
}

void FaultyVfs::CutPower() {
  const std::lock_guard lock(disk_->mutex);
  disk_->power = false;
}

void FaultyVfs::RestorePower(std::uint64_t seed) {
  const std::lock_guard lock(disk_->mutex);
  std::mt19937_64 coins(seed);
  for (auto& [path, contents] : disk_->files) {
    for (const Change& change : contents.pending) {
      if (seed != 0 && coins() % 2 == 0) ApplyTo(contents.durable, change);
    }
    if (ReadWhole(path).empty() && contents.durable.empty()) continue;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << contents.durable;
  }
  disk_->files.clear();
  disk_->power = true;
}

}  // namespace marginalia
