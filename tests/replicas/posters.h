// Threads that post comments through every replica until stopped, over gRPC and over HTTP, and
// after each post read it back by its token through another replica than the one that took it. Half
// of all posts go to one hot thread.
#ifndef MARGINALIA_TESTS_REPLICAS_POSTERS_H_
#define MARGINALIA_TESTS_REPLICAS_POSTERS_H_

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/replicas/replica_history.h"

namespace marginalia {

struct PosterCounts {
  int grpc = 4;
  int http = 2;
};

class Posters {
 public:
  // `threads` begin with the hot one.
  Posters(ReplicaSet& replicas, ReplicaClients& clients, std::vector<Thread> threads,
          ReplicaHistory& history, PosterCounts counts = {});
  ~Posters();
  // Waits for the posts under way to end.
  void Stop();

 private:
  struct Post {
    const Thread& thread;
    std::string comment_id;
    std::string body;
    std::string token;
  };
  struct Posted {
    std::int64_t sequence = 0;
    std::int64_t number = 0;
    std::string consistency_token;
  };

  std::map<std::string, std::string> TokensOf(int poster) const;
  Post NewPost(const std::map<std::string, std::string>& tokens, int poster, int number) const;
  void PostOverGrpc(int poster);
  void PostOverHttp(int poster);
  void ReadThread(const Post& post, const Posted& posted, std::size_t replica);
  void ReadCount(const Post& post, const Posted& posted, std::size_t replica);

  ReplicaSet& replicas_;
  ReplicaClients& clients_;
  const std::vector<Thread> targets_;
  ReplicaHistory& history_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> posters_;
};

}  // namespace marginalia

#endif  // MARGINALIA_TESTS_REPLICAS_POSTERS_H_
