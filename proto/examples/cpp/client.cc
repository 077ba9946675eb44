// Posts a comment, whatever happens to the service meanwhile, and prints the thread as it grows,
// until a comment says "bye". Usage: client ADDRESS TOKEN INVOICE_ID COMMENT COMMENT_ID
// SERVICE_CONFIG
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>

#include "marginalia/comments/v1/comments_service.grpc.pb.h"

namespace pb = marginalia::comments::v1;

// What ends so may have arrived all the same, and may be tried again. A service that stops says
// CANCELLED as well.
bool Passes(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const std::string bearer = std::string("Bearer ") + argv[2];
  std::ifstream file(argv[6]);
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(std::string(std::istreambuf_iterator<char>(file), {}));
  const auto comments = pb::CommentsService::NewStub(
      grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), arguments));
  const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(500)); };

  // One id for all attempts, the caller's own: however many of them arrive, there is one comment.
  pb::AddCommentRequest request;
  request.set_invoice_id(argv[3]);
  request.set_body(argv[4]);
  request.set_comment_id(argv[5]);
  for (bool posted = false; !posted;) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", bearer);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(15));
    pb::AddCommentResponse response;
    const grpc::Status status = comments->AddComment(&context, request, &response);
    posted = status.ok();
    if (!posted && !Passes(status)) {
      std::cerr << status.error_message() << "\n";
      return 1;
    }
    if (!posted) pause();
  }

  // A stream that ends goes on after the last checkpoint: nothing is left out, nothing comes twice.
  pb::WatchEventsRequest watch;
  watch.set_invoice_id(argv[3]);
  watch.set_from_beginning(true);
  while (true) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", bearer);
    const auto stream = comments->WatchEvents(&context, watch);
    pb::WatchEventsResponse step;
    while (stream->Read(&step)) {
      for (const pb::Event& event : step.events()) {
        // There are other kinds: edits, removals, and whatever comes to the contract later.
        if (!event.has_comment_added()) continue;
        const pb::Comment& comment = event.comment_added().comment();
        std::cout << comment.sequence() << " " << comment.body() << std::endl;
        if (comment.body() == "bye") return 0;
      }
      watch.set_after_token(step.checkpoint_token());
    }
    const grpc::Status status = stream->Finish();
    if (!Passes(status)) {
      std::cerr << status.error_message() << "\n";
      return 1;
    }
    pause();
  }
}
