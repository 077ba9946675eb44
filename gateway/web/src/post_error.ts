// Why a comment was not posted and what to do about it, for the person who wrote it.
import { type ApiError, NO_ANSWER } from "./api_error.ts";

export const ID_REUSED = "COMMENT_ID_REUSED";

const AGAIN = "Your text is kept: press “Post comment” to try again. It cannot be posted twice.";

export function postErrorText(error: ApiError): string {
  if (error.reason === ID_REUSED) {
    return "This comment was posted before with another text. Your text is kept: press “Post comment” to post it as a new comment.";
  }
  switch (error.status) {
    case NO_ANSWER:
      return `The server could not be reached. ${AGAIN}`;
    case 400:
      return `The comment ${error.fieldMessage ?? `was refused: ${error.message}`}.`;
    case 401:
      return "You are signed out. Your text is kept: sign in again in another tab, then press “Post comment”.";
    case 403:
      return `You may not comment here: ${error.message}. Your text is kept.`;
    case 404:
      return "This invoice is no longer there, or no longer yours to see. Your text is kept.";
    case 413:
      return "The comment is too long. Your text is kept: shorten it, then try again.";
    default:
      return `The comment was not posted (error ${error.status}). ${AGAIN}`;
  }
}
