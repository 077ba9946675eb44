// Editing and removing comments: what one asks for is shown at once, and taken back with what went
// wrong, its text kept, when it is refused.
import type { Announcer } from "./announcer.ts";
import { type ApiError, apiErrorOf } from "./api_error.ts";
import { changeErrorText, goneText, UNCONFIRMED_CHANGE } from "./change_error.ts";
import { ChangeForm } from "./change_form.ts";
import type { ChangeRecord, ChangeRecords } from "./change_records.ts";
import type { Comment, Viewer } from "./comment.ts";
import { focusAction } from "./comment_actions.ts";
import { faultOf } from "./comment_form.ts";
import { nodeId } from "./comment_node.ts";
import type { CommentChange, CommentsApi } from "./comments_api.ts";
import type { PageClock } from "./page_time.ts";
import { isInSight } from "./reading_place.ts";
import { commentsOf } from "./thread_pages.ts";
import type { ThreadQuery } from "./thread_query.ts";
import { newUuid } from "./uuid.ts";

export interface CommentChangesParts {
  readonly api: CommentsApi;
  readonly query: ThreadQuery;
  readonly records: ChangeRecords;
  readonly viewer: Viewer;
  readonly clock: PageClock;
  readonly announcer: Announcer;
  // What is shown has changed.
  readonly changed: () => void;
  // Goes on with a text in the form for new comments.
  readonly write: (text: string) => void;
  // Offers people in the text where one begins to name somebody.
  readonly offerPeople: (text: HTMLTextAreaElement) => void;
  // The userIds of those whom a text mentions; `before` are those whom it did.
  readonly mentionsIn: (text: string, before: readonly string[]) => readonly string[];
}

interface Change {
  record: ChangeRecord;
  isSending: boolean;
  why: string;
  form?: ChangeForm;
}

export class CommentChanges {
  readonly #parts: CommentChangesParts;
  // By comment.
  readonly #changes = new Map<string, Change>();

  constructor(parts: CommentChangesParts) {
    this.#parts = parts;
    for (const record of parts.records.all()) {
      const why = record.wasSent ? UNCONFIRMED_CHANGE : "";
      this.#changes.set(record.commentId, { record, isSending: false, why });
    }
  }

  // The comment as it will be when what one has asked for is done.
  shown(comment: Comment): Comment {
    const change = this.#changes.get(comment.commentId);
    if (change === undefined || !change.isSending || comment.removal !== undefined) return comment;
    const { kind, text } = change.record;
    if (kind === "edit") return { ...comment, body: text, isChanging: true };
    const time = new Date(this.#parts.clock.now()).toISOString();
    const removal = { time, actor: this.#parts.viewer, reason: text };
    return { ...comment, body: "", removal, isChanging: true };
  }

  // How many comments are on the way out.
  removing(comments: readonly Comment[]): number {
    return comments.filter((comment) => {
      const change = this.#changes.get(comment.commentId);
      return change?.isSending && change.record.kind === "remove" && comment.removal === undefined;
    }).length;
  }

  begin(kind: CommentChange["kind"], comment: Comment): void {
    const { commentId, etag = "", body, mentions } = comment;
    const under = this.#changes.get(commentId);
    if (under?.isSending) return;
    if (under?.record.kind !== kind) {
      if (under !== undefined) this.#drop(commentId);
      const text = kind === "edit" ? body : "";
      const changeId = newUuid();
      const record = { kind, commentId, etag, text, changeId, mentions, wasSent: false };
      this.#changes.set(commentId, { record, isSending: false, why: "" });
    }
    this.place();
    this.#changes.get(commentId)?.form?.focus();
  }

  // Leads to what was refused and is out of sight, if there is such a one.
  goToRefused(): boolean {
    for (const { form, why } of this.#changes.values()) {
      if (why === "" || !form?.element.isConnected || isInSight(form.element)) continue;
      form.focus();
      return true;
    }
    return false;
  }

  // To be called when the list has changed: brings the forms to their comments.
  place(): void {
    const comments = new Map(
      commentsOf(this.#parts.query.thread).map((comment) => [comment.commentId, comment]),
    );
    for (const [commentId, change] of this.#changes) {
      const comment = comments.get(commentId);
      if (comment === undefined || change.isSending) continue;
      if (isDone(change.record, comment)) this.#drop(commentId);
      else this.#show(change, comment);
    }
  }

  #show(change: Change, comment: Comment): void {
    const item = document.getElementById(nodeId(comment.commentId));
    if (item === null) return;
    const form = change.form ?? this.#makeForm(change);
    const isGone = comment.removal !== undefined;
    if (isGone) {
      change.why = goneText(comment);
      form.offer(true);
    }
    form.say(change.why);
    if (form.element.parentElement?.parentElement === item) return;
    item.classList.add("changing", `changing-${change.record.kind}`);
    item.querySelector("article")?.append(form.element);
  }

  #makeForm(change: Change): ChangeForm {
    const { commentId } = change.record;
    const form = new ChangeForm(change.record.kind, change.record.text, {
      written: (text) => this.#written(change, text),
      submit: (text) => void this.#submit(change, text),
      cancel: () => this.#cancel(change),
      moveOn: (text) => {
        this.#drop(commentId);
        this.#parts.write(text);
      },
    });
    change.form = form;
    const { text } = form;
    if (text instanceof HTMLTextAreaElement) this.#parts.offerPeople(text);
    return form;
  }

  #written(change: Change, text: string): void {
    const { record } = change;
    // Another text is another change.
    const changeId = record.wasSent ? newUuid() : record.changeId;
    change.record = { ...record, text, changeId, wasSent: false };
    change.why = "";
    this.#parts.records.keep(change.record);
  }

  #cancel({ record }: Change): void {
    this.#drop(record.commentId);
    this.#leave(record);
  }

  // Whoever was in the form goes on from where it was opened.
  #leave({ commentId, kind }: ChangeRecord): void {
    const item = document.getElementById(nodeId(commentId));
    if (item !== null) focusAction(item, kind === "edit" ? "Edit" : "Remove");
  }

  #drop(commentId: string): void {
    const change = this.#changes.get(commentId);
    this.#parts.records.forget(commentId);
    this.#changes.delete(commentId);
    if (change !== undefined) takeOut(change);
  }

  async #submit(change: Change, text: string): Promise<void> {
    const { records, announcer, changed } = this.#parts;
    const { kind, commentId } = change.record;
    const wrong = kind === "edit" ? faultOf(text) : undefined;
    if (wrong !== undefined) {
      change.why = wrong;
      change.form?.say(wrong);
      return;
    }
    const { wasSent, mentions } = change.record;
    // Sent again, it is the same change.
    const mentioning =
      kind === "edit" && !wasSent ? this.#parts.mentionsIn(text, mentions ?? []) : mentions;
    change.record = { ...change.record, text, mentions: mentioning, wasSent: true };
    change.isSending = true;
    change.why = "";
    records.keep(change.record);
    takeOut(change);
    changed();
    const error = await this.#send(change.record);
    change.isSending = false;
    if (error === undefined) {
      this.#drop(commentId);
      announcer.say(kind === "edit" ? "The comment is changed" : "The comment is removed");
    } else {
      await this.#refused(change, error);
    }
    changed();
    // Whoever has gone on, to write or to read elsewhere, is left there.
    const item = document.getElementById(nodeId(commentId));
    if (!isFocusLost() || item === null || !isInSight(item)) return;
    if (error !== undefined) change.form?.focus();
    else this.#leave(change.record);
  }

  async #send(record: ChangeRecord): Promise<ApiError | undefined> {
    const { api, query } = this.#parts;
    try {
      const { comment, thread, consistencyToken } = await api.change(record);
      query.changed(comment, thread, consistencyToken);
      return undefined;
    } catch (error) {
      return apiErrorOf(error);
    }
  }

  async #refused(change: Change, error: ApiError): Promise<void> {
    const { api, query, records, announcer } = this.#parts;
    let current: Comment | undefined;
    if (error.status === 412 || error.status === 409) {
      current = await api.comment(change.record.commentId).catch(() => undefined);
    }
    if (current !== undefined) {
      query.changed(current);
      // What one does from now on, one does knowing it.
      const { etag = "" } = current;
      change.record = { ...change.record, etag, changeId: newUuid(), wasSent: false };
      records.keep(change.record);
    }
    change.why = changeErrorText(error, current, change.record.kind);
    announcer.say(change.why);
  }
}

// Whether the comment is as it was to be: the answer was lost, or another window was faster.
function isDone({ kind, text, wasSent }: ChangeRecord, comment: Comment): boolean {
  if (kind === "remove") return comment.removal !== undefined;
  return wasSent && comment.removal === undefined && comment.body === text;
}

function takeOut(change: Change): void {
  const item = change.form?.element.closest("li");
  item?.classList.remove("changing", "changing-edit", "changing-remove");
  change.form?.element.remove();
  delete change.form;
}

function isFocusLost(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
