// Stands in for what the client cache believes of the network (build.mjs): what a browser thinks of it is
// often wrong, and only asking tells.
export const onlineManager = {
  subscribe: () => () => {},
  isOnline: () => true,
};
