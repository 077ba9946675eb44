// Why a comment was not posted and what to do about it, for the person who wrote it.
import { type ApiError, NO_ANSWER } from "./api_error.ts";

export const ID_REUSED = "COMMENT_ID_REUSED";

const AGAIN = "Post it again: it cannot be posted twice.";

// What is refused under another name is never done.
export function replacedText({ message }: ApiError): string {
  return `${message}. Nothing was stored; your text is still here.`;
}

export function postErrorText(error: ApiError): string {
  if (error.reason === ID_REUSED) {
    return "This comment was posted before with another text. Post it again, then as a new comment.";
  }
  if (error.isOfOtherViewer) return replacedText(error);
  switch (error.status) {
    case NO_ANSWER:
      return `The server could not be reached. ${AGAIN}`;
    case 400:
      return `The comment ${error.fieldMessage ?? `was refused: ${error.message}`}.`;
    case 401:
      return "Your session has ended. Sign in again in another tab, then post it again.";
    case 403:
      return `You may not comment here: ${error.message}.`;
    case 404:
      return "This invoice is no longer there, or no longer yours to see.";
    case 413:
      return "The comment is too long: shorten it.";
    default:
      return `Something went wrong on our side. ${AGAIN}`;
  }
}
