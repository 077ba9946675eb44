// The thread on the page comes to life: what is shown, what happens and what one writes meet here.
import type { QueryClient } from "@tanstack/query-core";
import type { Announcer } from "./announcer.ts";
import { ChangeRecords } from "./change_records.ts";
import { type Comment, isPending, isResolved as isSettled, type Viewer } from "./comment.ts";
import { followActions, followHistory } from "./comment_actions.ts";
import { CommentChanges } from "./comment_changes.ts";
import { CommentCounts } from "./comment_counts.ts";
import { CommentForm } from "./comment_form.ts";
import { activityKeys } from "./comment_keys.ts";
import { CommentsApi } from "./comments_api.ts";
import type { Dehydrated } from "./dehydrated.ts";
import { Draft } from "./draft.ts";
import { eventText } from "./event_text.ts";
import { KeptPlace } from "./kept_place.ts";
import { LiveEvents } from "./live_events.ts";
import { showLiveState } from "./live_label.ts";
import { People } from "./mentions.ts";
import { Outbox } from "./outbox.ts";
import type { PageClock } from "./page_time.ts";
import { Posting } from "./posting.ts";
import { ReadMark } from "./read_mark.ts";
import { followShortcuts, postingKeys, type Shortcut } from "./shortcuts.ts";
import { browserStore, keyOf, tabStore } from "./store.ts";
import { Summary } from "./summary.ts";
import { quoteOf } from "./text.ts";
import { ThreadHead } from "./thread_head.ts";
import { commentsOf, factsOf } from "./thread_pages.ts";
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
  const query = new ThreadQuery(client, api, page, () => view.isNewestInView());
  const counts = new CommentCounts();
  counts.raise(Number(document.getElementById("summary")?.dataset.count ?? 0));
  const { userId } = viewer;
  const owner = { orgId: viewer.orgId, userId, invoiceId };
  const people = new People({
    announcer,
    store: browserStore,
    key: keyOf("people", owner),
    authors: () => commentsOf(query.thread).map(({ author }) => author),
  });
  const changes = new CommentChanges({
    api,
    query,
    records: new ChangeRecords(browserStore, owner),
    viewer,
    clock,
    announcer,
    changed: () => view.show(query.result),
    write: (text) => form?.write(text),
    offerPeople: (text) => people.offerIn(text),
    mentionsIn: (text, before) => people.mentionsIn(text, before),
  });
  const view = new ThreadView(section, list, {
    changes,
    actions: (comment) => actionsOf(comment, viewer),
    query,
    counts,
    announcer,
    clock,
    userId,
    readMark: new ReadMark(api, page.readState?.readSequence),
    unread: page.readState?.unreadCount ?? 0,
  });
  const summary = new Summary(location.pathname, counts, clock, (status) => {
    view.show(query.result);
    announcer.say(status);
  });
  summary.follow(api.invoicePath);

  const outbox = new Outbox(browserStore, owner);
  const posting = new Posting({ api, query, outbox, invoiceId, viewer, clock });
  const draft = new Draft(browserStore, tabStore, owner);
  const isResolved = () => {
    const facts = factsOf(query.thread);
    return facts !== undefined && isSettled(facts);
  };
  const posted = () => events.wake();
  const element = section.querySelector<HTMLFormElement>("#comment-form");
  const text = element?.querySelector("textarea");
  if (text) people.offerIn(text);
  const form =
    element === null
      ? undefined
      : new CommentForm(element, {
          posting,
          draft,
          announcer,
          list,
          posted,
          isResolved,
          mentionsIn: (text) => people.mentionsIn(text),
        });

  const write = (form: CommentForm, text?: string) => {
    if (text === undefined) form.focus();
    else form.write(text);
    view.writes();
  };
  document.querySelector('[href="#write"]')?.addEventListener("click", (event) => {
    event.preventDefault();
    if (!changes.goToRefused() && form) write(form);
  });
  const writing: Shortcut[] =
    form === undefined ? [] : [["c", "Write a comment", () => write(form)]];
  followShortcuts([
    ...writing,
    ["n", "Go to the newest comments", () => view.goToNewest()],
    [postingKeys(), "Post the comment"],
  ]);
  const place = new KeptPlace(list, query, announcer);
  followActions(list, (commentId, action) => {
    const comment = commentsOf(query.thread).find((each) => each.commentId === commentId);
    if (comment === undefined) return;
    if (action === "Quote") {
      if (form !== undefined) write(form, quoteOf(comment));
    } else changes.begin(action === "Edit" ? "edit" : "remove", comment);
  });
  followHistory(list, { api, clock, announcer });
  const headElement = section.querySelector<HTMLElement>(".thread-head");
  const head =
    headElement === null
      ? undefined
      : new ThreadHead(headElement, {
          api,
          query,
          store: browserStore,
          owner,
          viewer,
          clock,
          announcer,
        });

  let shownRevision = page.page.thread?.revision ?? 0;
  query.subscribe((result) => {
    head?.show();
    const hasGrown = view.show(result);
    if (hasGrown) summary.refresh(query.token);
    // The sidebar shows the beginning of what was edited as well, and of what is removed by now.
    const { revision = 0 } = factsOf(query.thread) ?? {};
    if (hasGrown || revision > shownRevision) {
      void client.invalidateQueries({ queryKey: activityKeys.all });
    }
    shownRevision = revision;
    form?.heard();
    place.listChanged();
  });
  view.show(query.result);
  head?.show();
  place.start();

  const label = section.querySelector<HTMLElement>("#live");
  const events = new LiveEvents(
    { path: api.eventsPath, key: keyOf("stream", owner) },
    query.token,
    {
      happened: (event, token) => {
        query.happened(event, token);
        const text = eventText(event, userId);
        if (text !== undefined) announcer.say(text);
      },
      joined: () => void query.catchUp(),
      state: (state) => {
        showLiveState(label, state, () => draft.handOver());
        query.setPolling(state === "down");
      },
      resync: () => query.resync(),
    },
  );
  events.start();
}

// What the viewer can do with a comment, in words.
function actionsOf(comment: Comment, { userId, canComment, role }: Viewer): readonly string[] {
  if (!canComment || isPending(comment) || comment.removal !== undefined) return [];
  // A server that tells of no etag takes no changes.
  if (comment.etag === undefined) return ["Quote"];
  if (comment.author.userId === userId) return ["Quote", "Edit", "Remove"];
  return role === "admin" ? ["Quote", "Remove"] : ["Quote"];
}
