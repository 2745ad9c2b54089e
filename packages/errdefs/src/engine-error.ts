/** Every way an operation of the engine can fail. Edges translate a code into HTTP, gRPC or ttrpc statuses. */
export type ErrorCode =
  | 'not-modified'
  | 'invalid-argument'
  | 'failed-precondition'
  | 'unauthenticated'
  | 'permission-denied'
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'resource-exhausted'
  | 'out-of-range'
  | 'aborted'
  | 'unimplemented'
  | 'unavailable'
  | 'data-loss'
  | 'canceled'
  | 'deadline-exceeded'
  | 'internal'
  | 'unknown';

/**
 * An error with a code. `message` is lower case, without a full stop, and names the action and its subject:
 * `cannot mount "/x": not a directory`. Wrap (with `cause`) only where meaning is added.
 */
export class EngineError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** The outermost EngineError decides the code, so a caller can give a cause a new meaning. */
export function codeOf(error: unknown): ErrorCode {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof EngineError) return e.code;
    if (e.name === 'AbortError') return 'canceled';
    if (e.name === 'TimeoutError') return 'deadline-exceeded';
  }
  return 'unknown';
}

/** True when the error, or what it wraps, carries this code. */
export function isErrorCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return codes.includes(codeOf(error));
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
