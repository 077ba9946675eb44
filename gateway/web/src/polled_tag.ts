// What no stream tells of is asked for now and then, while somebody looks: as long as nothing has
// changed, that is one conditional read.
import { readTag } from "./comments_api.ts";

const POLL_MS = 15_000;

// Calls back when what is at the path of the API may be another than what the page was made from.
export function pollTag(path: string, changed: () => Promise<void>): void {
  let tag = "";
  setInterval(async () => {
    if (document.visibilityState === "hidden") return;
    try {
      const fresh = await readTag(path, tag);
      if (fresh !== tag) await changed();
      tag = fresh;
    } catch {
      // What is shown stays: the next time may do.
    }
  }, POLL_MS);
}
