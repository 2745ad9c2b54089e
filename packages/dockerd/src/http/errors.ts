/** The only file that knows HTTP statuses. */
import {codeOf, EngineError, type ErrorCode} from '@longshore/errdefs';

/** Docker answers 500 for what has no meaning of its own in HTTP, a full disk included. */
const httpStatus = {
  'not-modified': 304,
  'invalid-argument': 400,
  'failed-precondition': 400,
  'out-of-range': 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  'already-exists': 409,
  conflict: 409,
  aborted: 409,
  unimplemented: 501,
  unavailable: 503,
  'resource-exhausted': 500,
  'data-loss': 500,
  canceled: 500,
  'deadline-exceeded': 500,
  internal: 500,
  unknown: 500,
} satisfies Record<ErrorCode, number>;

/** A refusal by the wire itself, with a status that no error code stands for. */
export class HttpError extends EngineError {
  readonly status: number;

  constructor(status: number, message: string) {
    super('invalid-argument', message);
    this.status = status;
  }
}

/** The status of an answer to a request that failed with `error`. */
export function statusOf(error: unknown): number {
  return error instanceof HttpError ? error.status : httpStatus[codeOf(error)];
}
