// Why a change was not made and what to do about it, for the person who wants it.
import { type ApiError, NO_ANSWER } from "./api_error.ts";
import type { Comment } from "./comment.ts";
import type { CommentChange } from "./comments_api.ts";
import { replacedText } from "./post_error.ts";
import { excerpt, shownName } from "./text.ts";

const AGAIN = "Do it again: it cannot be done twice.";

export const UNCONFIRMED_CHANGE = `This was not confirmed before the page was left. ${AGAIN}`;

// Of a comment that is no longer there to be changed.
export function goneText({ removal }: Comment): string {
  const actor = removal === undefined ? "Somebody" : shownName(removal.actor);
  return `${actor} has removed this comment meanwhile. Your text is still here.`;
}

// `current` is the comment as it is by now.
export function changeErrorText(
  error: ApiError,
  current: Comment | undefined,
  kind?: CommentChange["kind"],
): string {
  if (current?.removal !== undefined) return goneText(current);
  if (error.isOfOtherViewer) return replacedText(error);
  switch (error.reason) {
    case "EDIT_WINDOW_OVER":
      return "The time in which it could be changed is over. Write a new comment instead.";
    case "TOO_MANY_EDITS":
      return "It has been edited too often. Write a new comment instead.";
    case "NOT_THE_AUTHOR":
      return "Only its author can change this comment.";
  }
  switch (error.status) {
    case 412:
      return current === undefined
        ? "This comment was changed meanwhile. Reload the page to see how."
        : `This comment was changed meanwhile. It now says: “${excerpt(current.body)}” ${kind === "edit" ? "Save to replace that." : "Remove it if that is to go as well."}`;
    case NO_ANSWER:
      return `The server could not be reached. ${AGAIN}`;
    case 400:
      return `The text ${error.fieldMessage ?? `was refused: ${error.message}`}.`;
    case 401:
      return "Your session has ended. Sign in again in another tab, then do it again.";
    case 403:
      return `You may not do this: ${error.message}.`;
    case 404:
      return "This comment is no longer there, or no longer yours to see.";
    default:
      return `Something went wrong on our side. ${AGAIN}`;
  }
}

export function settleErrorText(error: ApiError): string {
  if (error.status === 412) {
    return "Somebody has written or changed something meanwhile. Look at it, then do it again.";
  }
  return changeErrorText(error, undefined);
}
