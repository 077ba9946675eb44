#include "tests/replicas/watchers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "absl/strings/str_cat.h"

namespace marginalia {
namespace {

// Streams are left after a while, so that each watcher comes by every replica.
constexpr std::chrono::seconds kStreamMax{8};
// A browser whose stream is silent for so long asks again elsewhere.
constexpr std::chrono::seconds kSilenceMax{4};
constexpr std::chrono::milliseconds kBetweenStreams{50};
constexpr std::chrono::minutes kCatchUpMax{1};

// What events are called on a browser's stream.
const std::set<std::string>& kKinds =
    *new std::set<std::string>{"comment_added",  "comment_edited",  "comment_removed",
                               "comment_erased", "thread_resolved", "thread_reopened"};

bool MayResume(const grpc::Status& status) {
  return status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}

}  // namespace

Watchers::Watchers(ReplicaSet& replicas, ReplicaClients& clients,
                   const std::vector<Thread>& threads)
    : clients_(clients) {
  for (const Thread& thread : threads) org_by_invoice_[thread.invoice_id] = thread.org_id;
  for (std::size_t i = 0; i < replicas.comments().size(); ++i) {
    Start({.name = absl::StrCat("follower ", i),
           .token = replicas.Token("follower", "service", ""),
           .replica = i});
  }
  std::map<std::string, std::size_t> orgs;
  for (const Thread& thread : threads) orgs.emplace(thread.org_id, orgs.size());
  for (const auto& [org, i] : orgs) {
    Start({.name = "a person of " + org,
           .token = replicas.Token("sam", "viewer", org),
           .org_id = org,
           .replica = i});
  }
  for (const Thread* thread : {&threads.front(), &threads.back()}) {
    for (std::size_t i = 0; i < replicas.gateways().size(); ++i) {
      Start({.name = absl::StrCat("browser ", i, " of ", thread->org_id),
             .token = replicas.Token("sam", "viewer", thread->org_id),
             .invoice_id = thread->invoice_id,
             .replica = i});
    }
  }
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kCatchUpMax, [this] {
    return std::all_of(watches_.begin(), watches_.end(), [](const auto& watch) {
      return watch->invoice_id.empty() || watch->opened;
    });
  })) << "a browser's stream does not open";
}

Watchers::~Watchers() { Stop(); }

void Watchers::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Watchers::Start(Watch watch) {
  Watch* kept;
  {
    const std::lock_guard lock(mutex_);
    kept = watches_.emplace_back(std::make_unique<Watch>(std::move(watch))).get();
  }
  threads_.emplace_back([this, kept] { kept->invoice_id.empty() ? Follow(*kept) : Browse(*kept); });
}

bool Watchers::Pause() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kBetweenStreams, [this] { return stopping_; });
  return !stopping_;
}

void Watchers::Follow(Watch& watch) {
  std::string after_token;
  do {
    FollowOneStream(watch, after_token);
    ++watch.replica;
  } while (Pause());
}

void Watchers::FollowOneStream(Watch& watch, std::string& after_token) {
  grpc::ClientContext context;
  PrepareFor(context, watch.token, kStreamMax, /*wait_for_ready=*/false);
  comments::v1::WatchEventsRequest request;
  if (after_token.empty()) {
    request.set_from_beginning(true);
  } else {
    request.set_after_token(after_token);
  }
  const auto stream = clients_.comments(watch.replica).WatchEvents(&context, request);
  comments::v1::WatchEventsResponse message;
  while (stream->Read(&message)) {
    for (const auto& event : message.events()) See(watch, event);
    after_token = message.checkpoint_token();
    const std::lock_guard lock(mutex_);
    if (stopping_) context.TryCancel();
  }
  const grpc::Status ended = stream->Finish();
  EXPECT_TRUE(MayResume(ended)) << watch.name << ": " << ended.error_code() << " "
                                << ended.error_message() << " " << clients_.notice().Describe();
}

void Watchers::See(Watch& watch, const comments::v1::Event& event) {
  const comments::v1::Comment* const comment = CommentOf(event);
  const std::string id = absl::StrCat(static_cast<int>(event.kind_case()), " ",
                                      comment == nullptr ? "" : comment->comment_id());
  const std::lock_guard lock(mutex_);
  const bool of_all = watch.org_id.empty();
  const std::int64_t place = of_all ? event.position() : event.number();
  const auto [known, first] = id_by_place_.emplace(std::pair(watch.org_id, place), id);
  EXPECT_EQ(known->second, id) << watch.name << ": two events stand at " << place;
  EXPECT_TRUE(of_all || event.position() == 0) << watch.name << " can tell what others write";
  EXPECT_TRUE(of_all || event.org_id() == watch.org_id) << watch.name;
  if (place <= watch.reached) return;
  EXPECT_EQ(place, watch.reached + 1)
      << watch.name << " at replica " << watch.replica << " " << clients_.notice().Describe();
  Count(watch, place);
}

void Watchers::Browse(Watch& watch) {
  std::string last_id;
  do {
    BrowseOneStream(watch, last_id);
    ++watch.replica;
  } while (Pause());
}

void Watchers::BrowseOneStream(Watch& watch, std::string& last_id) {
  HttpClient client(clients_.gateway(watch.replica), kSilenceMax);
  HttpClient::Headers headers = {{"Authorization", "Bearer " + watch.token}};
  if (!last_id.empty()) headers.emplace_back("Last-Event-ID", last_id);
  const HttpAnswer opened =
      client.OpenStream("/api/invoices/" + watch.invoice_id + "/events", headers);
  if (opened.status != 200) {
    EXPECT_TRUE(opened.status == 0 || opened.status == 503)
        << watch.name << ": " << opened.status << " " << opened.body << " "
        << clients_.notice().Describe();
    return;
  }
  const auto until = std::chrono::steady_clock::now() + kStreamMax;
  while (const auto event = client.NextEvent()) {
    if (kKinds.contains(event->event)) SeeInBrowser(watch, *event);
    const std::lock_guard lock(mutex_);
    if (!event->id.empty()) {
      last_id = event->id;
      watch.opened = true;
      changed_.notify_all();
    }
    if (stopping_ || std::chrono::steady_clock::now() > until) return;
  }
}

void Watchers::SeeInBrowser(Watch& watch, const ServerSentEvent& event) {
  const boost::json::value data = boost::json::parse(event.data);
  // It rises by one with all that happens in the thread.
  const auto revision = data.at("thread").at("revision").to_number<std::int64_t>();
  const std::lock_guard lock(mutex_);
  if (revision <= watch.reached) return;
  EXPECT_EQ(revision, watch.reached + 1)
      << watch.name << " at gateway " << watch.replica << " " << clients_.notice().Describe();
  Count(watch, revision);
}

void Watchers::Count(Watch& watch, std::int64_t point) {
  watch.reached = point;
  ++watch.events;
  changed_.notify_all();
}

void Watchers::AwaitAllOf(const LogModel& model) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [invoice, thread] : model.threads()) counts[invoice] = thread.events;
  AwaitAll(counts);
}

void Watchers::AwaitAll(const std::map<std::string, std::int64_t>& counts) {
  const auto expected = [&](const Watch& watch) {
    std::int64_t sum = 0;
    for (const auto& [invoice, count] : counts) {
      const bool sees = (watch.org_id.empty() || watch.org_id == org_by_invoice_.at(invoice)) &&
                        (watch.invoice_id.empty() || watch.invoice_id == invoice);
      if (sees) sum += count;
    }
    return sum;
  };
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kCatchUpMax, [&] {
      return std::all_of(watches_.begin(), watches_.end(),
                         [&](const auto& watch) { return watch->events >= expected(*watch); });
    });
    for (const auto& watch : watches_) {
      EXPECT_EQ(watch->events, expected(*watch)) << watch->name << " at " << watch->reached;
    }
  }
  Stop();
}

}  // namespace marginalia
