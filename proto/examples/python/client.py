"""Posts a comment, whatever happens to the service meanwhile, and prints the thread as it grows, until a
comment says "bye". Usage: python3 client.py ADDRESS TOKEN INVOICE_ID COMMENT
"""

import pathlib
import sys
import time
import uuid

import grpc

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "generated"))
from marginalia.comments.v1 import comments_service_pb2 as pb  # noqa: E402
from marginalia.comments.v1.comments_service_pb2_grpc import CommentsServiceStub  # noqa: E402

address, token, invoice_id, body = sys.argv[1:]
service_config = (here.parent.parent / "service_config.json").read_text()
channel = grpc.insecure_channel(address, [("grpc.service_config", service_config)])
comments = CommentsServiceStub(channel)
metadata = [("authorization", f"Bearer {token}")]

# What ends so may have arrived all the same, and may be tried again. A service that stops says CANCELLED as well.
passing = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)

# One id for all attempts: however many of them arrive, there is one comment.
request = pb.AddCommentRequest(invoice_id=invoice_id, comment_id=str(uuid.uuid4()), body=body)
while True:
    try:
        comments.AddComment(request, metadata=metadata, timeout=15)
        break
    except grpc.RpcError as error:
        if error.code() not in passing:
            raise
        time.sleep(0.5)

# A stream that ends goes on after the last checkpoint: nothing is left out, nothing comes twice.
watch = pb.WatchEventsRequest(invoice_id=invoice_id, from_beginning=True)
bye = False
while not bye:
    try:
        for step in comments.WatchEvents(watch, metadata=metadata):
            for event in step.events:
                # There are other kinds: edits, removals, and whatever comes to the contract later.
                if not event.HasField("comment_added"):
                    continue
                comment = event.comment_added.comment
                print(comment.sequence, comment.body, flush=True)
                bye = bye or comment.body == "bye"
            watch.after_token = step.checkpoint_token
            if bye:
                break
    except grpc.RpcError as error:
        if error.code() not in passing:
            raise
        time.sleep(0.5)
