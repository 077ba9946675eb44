#include "comments-service/evidence/evidence_exports.h"

#include <algorithm>
#include <utility>

#include "comments-service/record/evidence.h"
#include "services/errors/draining.h"
#include "services/errors/errors.h"

namespace marginalia {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Seconds(2);

absl::Status QueueFull() {
  return Refusal(absl::StatusCode::kResourceExhausted, "EVIDENCE_QUEUE_FULL",
                 "too many evidence files are being made: try again later", {},
                 kQueueFullRetryAfter);
}

absl::Status TooLarge() {
  return Refusal(absl::StatusCode::kFailedPrecondition, "EVIDENCE_TOO_LARGE",
                 "the thread's evidence has more than 32 MiB, which one file does not hold: export "
                 "the audit log");
}

}  // namespace

EvidenceExports::EvidenceExports(Database& database, Checkpoints& checkpoints,
                                 absl::Duration taken_max)
    : database_(database),
      checkpoints_(checkpoints),
      taken_max_(taken_max),
      thread_([this] { Work(); }) {}

EvidenceExports::~EvidenceExports() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EvidenceExports::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

std::size_t EvidenceExports::CountOf(std::string_view org_id) const {
  return static_cast<std::size_t>(
      std::count_if(exports_.begin(), exports_.end(),
                    [&](const auto& each) { return each->request.thread.org_id == org_id; }));
}

absl::Status EvidenceExports::Enter(EvidenceRequest request, EvidenceReader* reader) {
  if (!checkpoints_.signs()) return Checkpoints::NoKey();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Draining();
    if (exports_.size() >= kEvidencesMax || CountOf(request.thread.org_id) >= kTenantEvidencesMax) {
      return QueueFull();
    }
    auto entered = std::make_shared<Export>();
    entered->request = std::move(request);
    entered->reader = reader;
    exports_.push_back(entered);
    turns_.Add(entered->request.thread.org_id, entered);
  }
  changed_.notify_all();
  return absl::OkStatus();
}

void EvidenceExports::Leave(EvidenceReader* reader) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(exports_.begin(), exports_.end(),
                                    [reader](const auto& each) { return each->reader == reader; });
    if (found == exports_.end()) return;
    (*found)->has_left = true;
    turns_.TakeIf([](const auto& each) { return each->has_left; });
    exports_.erase(found);
  }
  changed_.notify_all();
}

void EvidenceExports::LetGoOf(std::string_view org_id, std::string_view invoice_id) {
  const std::lock_guard lock(mutex_);
  for (const auto& each : exports_) {
    const ThreadName& thread = each->request.thread;
    if (thread.org_id != org_id || thread.invoice_id != invoice_id) continue;
    if (each->phase == Export::Phase::kMaking) each->outdated = true;
    if (each->phase != Export::Phase::kMade) continue;
    each->phase = Export::Phase::kCut;
    each->reader->Cut();
  }
}

bool EvidenceExports::HasRoom(const Export& waiting) const {
  std::size_t begun = 0;
  std::size_t begun_by_tenant = 0;
  for (const auto& other : exports_) {
    if (other->phase == Export::Phase::kWaiting) continue;
    ++begun;
    if (other->request.thread.org_id == waiting.request.thread.org_id) ++begun_by_tenant;
  }
  const std::size_t places = kEvidencesAtATimeMax - (begun_by_tenant == 0 ? 0 : 1);
  return begun < places && begun_by_tenant < kTenantEvidencesAtATimeMax;
}

void EvidenceExports::Restart(Export& each) {
  each.phase = Export::Phase::kMaking;
  each.outdated = false;
  each.work =
      std::make_unique<EvidenceWork>(checkpoints_, each.request.thread, each.request.shows_removed);
}

void EvidenceExports::CutOverdue() {
  for (const auto& each : exports_) {
    if (each->phase != Export::Phase::kMade || !each->taken_until.passed()) continue;
    each->phase = Export::Phase::kCut;
    each->reader->Cut();
  }
}

SteadyTime EvidenceExports::NextOverdue() const {
  SteadyTime next = SteadyTime::Never();
  for (const auto& each : exports_) {
    if (each->phase == Export::Phase::kMade) next = std::min(next, each->taken_until);
  }
  return next;
}

void EvidenceExports::Work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (stopping_) {
      for (const auto& unmade : turns_.TakeIf([](const auto&) { return true; })) {
        exports_.remove(unmade);
        unmade->reader->Made(Draining());
      }
    }
    CutOverdue();
    auto next = turns_.TakeFirst([this](const auto& each) {
      return each->phase == Export::Phase::kMaking || HasRoom(*each);
    });
    if (!next.has_value()) {
      const SteadyTime until = NextOverdue();
      if (until == SteadyTime::Never()) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, until.ToChrono());
      }
      continue;
    }
    // Held by this thread as well: its reader may leave meanwhile.
    const std::shared_ptr<Export> stepping = std::move(next->second);
    if (stepping->phase == Export::Phase::kWaiting) Restart(*stepping);
    lock.unlock();
    std::optional<Made> made = Step(*stepping->work, stepping->request);
    lock.lock();
    if (!stepping->has_left) Stepped(stepping, std::move(made));
  }
}

std::optional<EvidenceExports::Made> EvidenceExports::Step(EvidenceWork& work,
                                                           const EvidenceRequest& request) {
  const std::string& org_id = request.thread.org_id;
  const absl::Status stepped = database_.Read(Tenants::One(org_id), [&](Connection& connection) {
    return checkpoints_.damage().Look(org_id, [&] { return work.Step(connection); });
  });
  if (!stepped.ok()) return stepped;
  if (!work.done()) return std::nullopt;
  auto file = std::make_shared<EvidenceFile>();
  file->invoice_id = request.thread.invoice_id;
  file->tree_size = work.tree_size();
  file->verifier_keys = work.verifier_keys();
  file->bytes = WriteEvidence(work.evidence());
  if (file->bytes.size() > kEvidenceBytesMax) return TooLarge();
  return file;
}

void EvidenceExports::Stepped(const std::shared_ptr<Export>& stepped, std::optional<Made> made) {
  if (stepped->outdated) {
    Restart(*stepped);
    made.reset();
  }
  if (!made.has_value()) return turns_.PutBack(stepped->request.thread.org_id, stepped);
  stepped->work.reset();
  stepped->phase = Export::Phase::kMade;
  stepped->taken_until = SteadyTime::Now() + taken_max_;
  if (!made->ok()) exports_.remove(stepped);
  stepped->reader->Made(*std::move(made));
}

}  // namespace marginalia
