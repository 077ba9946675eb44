// The names of everything in the client cache, from the general to the particular.
export const commentKeys = {
  all: ["comments"] as const,
  thread: (invoiceId: string) => [...commentKeys.all, invoiceId] as const,
  lists: (invoiceId: string) => [...commentKeys.thread(invoiceId), "list"] as const,
  newest: (invoiceId: string) => [...commentKeys.thread(invoiceId), "newest"] as const,
};

export const activityKeys = {
  all: ["activity"] as const,
  list: () => [...activityKeys.all, "list"] as const,
};
