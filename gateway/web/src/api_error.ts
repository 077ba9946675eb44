// Why a request failed, as the gateway's problem+json tells it (RFC 9457).
interface Problem {
  readonly reason?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

// The status of a request that got no answer: the server may have acted on it or not.
export const NO_ANSWER = 0;

export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  // What is wrong with the first bad field: "must not be blank".
  readonly fieldMessage: string | undefined;

  constructor(status: number, reason: string, message: string, fieldMessage?: string) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.fieldMessage = fieldMessage;
  }

  // Whether the same request may well succeed later.
  get isPassing(): boolean {
    return this.status === NO_ANSWER || this.status === 429 || this.status >= 500;
  }

  // Whether the session has ended: also when something in front of the server asks to sign in there.
  get isSignedOut(): boolean {
    return this.status === 401;
  }

  // Whether somebody else is signed in by now than whom the page was made for.
  get isOfOtherViewer(): boolean {
    return this.reason === "VIEWER_CHANGED";
  }

  // Not the API answered, but a page to sign in on.
  static signedOut(): ApiError {
    return new ApiError(401, "", "the session has ended");
  }

  static async from(response: Response): Promise<ApiError> {
    // A proxy in between answers with something else than a problem.
    const problem: Problem = await response.json().catch(() => ({}));
    return new ApiError(
      response.status,
      problem.reason ?? "",
      problem.detail ?? response.statusText,
      problem.errors?.[0]?.message,
    );
  }

  static noAnswer(cause: unknown): ApiError {
    return new ApiError(NO_ANSWER, "", cause instanceof Error ? cause.message : String(cause));
  }
}

// As an ApiError, whatever was thrown.
export function apiErrorOf(error: unknown): ApiError {
  return error instanceof ApiError ? error : ApiError.noAnswer(error);
}
