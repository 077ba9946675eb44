// The thread on the page comes to life: what is shown, what happens and what one writes meet here.
import type { QueryClient } from "@tanstack/query-core";
import type { Announcer } from "./announcer.ts";
import { CommentCounts } from "./comment_counts.ts";
import { CommentForm } from "./comment_form.ts";
import { activityKeys } from "./comment_keys.ts";
import { CommentsApi } from "./comments_api.ts";
import type { Dehydrated } from "./dehydrated.ts";
import { Draft } from "./draft.ts";
import { KeptPlace } from "./kept_place.ts";
import { LastVisit } from "./last_visit.ts";
import { LiveEvents } from "./live_events.ts";
import { showLiveState } from "./live_label.ts";
import { Outbox } from "./outbox.ts";
import type { PageClock } from "./page_time.ts";
import { Posting } from "./posting.ts";
import { isTopInView } from "./reading_place.ts";
import { followShortcuts } from "./shortcuts.ts";
import { browserStore, keyOf } from "./store.ts";
import { Summary } from "./summary.ts";
import { ThreadQuery } from "./thread_query.ts";
import { ThreadView } from "./thread_view.ts";

export function startThread(
  section: HTMLElement,
  list: HTMLElement,
  page: Dehydrated,
  parts: { client: QueryClient; clock: PageClock; announcer: Announcer },
): void {
  const { client, clock, announcer } = parts;
  const { invoiceId, viewer } = page;
  const api = new CommentsApi(invoiceId);
  const query = new ThreadQuery(client, api, page, () => isTopInView(list));
  const counts = new CommentCounts();
  counts.raise(Number(document.getElementById("summary")?.dataset.count ?? 0));
  const { userId } = viewer;
  const owner = { orgId: viewer.orgId, userId, invoiceId };
  const lastVisit = new LastVisit(browserStore, owner);
  const view = new ThreadView(section, list, {
    query,
    counts,
    announcer,
    clock,
    userId,
    lastVisit,
  });
  const summary = new Summary(location.pathname, counts, clock);

  const outbox = new Outbox(browserStore, owner);
  const posting = new Posting({ api, query, outbox, invoiceId, viewer, clock });
  const draft = new Draft(browserStore, owner);
  const posted = () => events.wake();
  const element = section.querySelector<HTMLFormElement>("#comment-form");
  const form =
    element === null
      ? undefined
      : new CommentForm(element, { posting, draft, announcer, list, posted });

  followShortcuts({
    write: form === undefined ? undefined : () => form.focus(),
    goToNewest: () => view.goToNewest(),
  });
  const place = new KeptPlace(list, query);
  query.subscribe((result) => {
    if (view.show(result)) {
      summary.refresh(query.token);
      void client.invalidateQueries({ queryKey: activityKeys.all });
    }
    form?.heard();
    place.listChanged();
  });
  view.show(query.result);
  place.start();

  const label = section.querySelector<HTMLElement>("#live");
  const events = new LiveEvents(
    { path: api.eventsPath, key: keyOf("stream", owner) },
    query.token,
    {
      comment: (comment, total, token) => query.arrived(comment, total, token),
      joined: () => void query.invalidate(),
      state: (state) => {
        showLiveState(label, state);
        query.setPolling(state === "down");
      },
      resync: () => query.resync(),
    },
  );
  events.start();
}
