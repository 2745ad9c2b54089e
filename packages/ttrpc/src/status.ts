/** Errors on the wire: google.rpc.Status in a Response, EngineError on either side. */
import type {Status} from '@longshore/api/gen/google/rpc/status';
import {codeOf, codeToGrpcStatus, EngineError, GrpcStatus, grpcStatusToCode, messageOf} from '@longshore/errdefs';

/** What a handler threw, as the status that the peer gets. Plain errno errors get the class their errno stands for. */
export function statusFromError(error: unknown): Status {
  return {code: statusCode(error), message: messageOf(error), details: []};
}

/** Undefined for success: ttrpc treats an absent status and code 0 alike. */
export function errorFromStatus(status: Status | undefined): EngineError | undefined {
  if (!status || status.code === GrpcStatus.ok) return undefined;
  return new EngineError(grpcStatusToCode(status.code, status.message), status.message);
}

export function closedError(cause?: unknown): EngineError {
  return new EngineError('unavailable', 'ttrpc: closed', cause === undefined ? {} : {cause});
}

export function serverClosedError(): EngineError {
  return new EngineError('unavailable', 'ttrpc: server closed');
}

export function streamFullError(): EngineError {
  return new EngineError('resource-exhausted', 'ttrpc: stream buffer full');
}

export function protocolError(what: string): EngineError {
  return new EngineError('unknown', `${what}: protocol error`);
}

export function deadlineError(): EngineError {
  return new EngineError('deadline-exceeded', 'context deadline exceeded');
}

/** What ttrpc peers do with errors that carry no status of their own. */
const errnoStatus: Record<string, number> = {
  ENOENT: GrpcStatus.notFound,
  EEXIST: GrpcStatus.alreadyExists,
  EACCES: GrpcStatus.permissionDenied,
  EPERM: GrpcStatus.permissionDenied,
  EINVAL: GrpcStatus.invalidArgument,
  EPIPE: GrpcStatus.failedPrecondition,
};

function statusCode(error: unknown): number {
  const code = codeOf(error);
  if (code !== 'unknown') return codeToGrpcStatus(code);
  const errno = error instanceof Error && 'code' in error ? error.code : undefined;
  return (typeof errno === 'string' ? errnoStatus[errno] : undefined) ?? GrpcStatus.unknown;
}
