// Says its address, then answers each AddComment with another failure and prints what was sent, a line each.
import grpc from '../../proto/examples/typescript/node_modules/@grpc/grpc-js/build/src/index.js';

const failures = [grpc.status.CANCELLED, grpc.status.DEADLINE_EXCEEDED, grpc.status.PERMISSION_DENIED];
const asItIs = (bytes) => bytes;

const server = new grpc.Server();
server.addService({
  addComment: {
    path: '/marginalia.comments.v1.CommentsService/AddComment',
    requestStream: false,
    responseStream: false,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
  },
}, {
  addComment({request}, answer) {
    console.log(request.toString('hex'));
    answer({code: failures.shift() ?? grpc.status.PERMISSION_DENIED, details: 'on purpose'});
  },
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`127.0.0.1:${port}`);
});
