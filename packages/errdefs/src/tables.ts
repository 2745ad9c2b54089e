import type {ErrorCode} from './engine-error.ts';

/** Numbers of google.rpc.Code, used by gRPC and ttrpc alike. */
export const GrpcStatus = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** containerd has no status of its own for "conflict" and "not modified": both travel as FailedPrecondition. */
const toGrpc: Record<ErrorCode, number> = {
  'not-modified': GrpcStatus.failedPrecondition,
  'invalid-argument': GrpcStatus.invalidArgument,
  'failed-precondition': GrpcStatus.failedPrecondition,
  unauthenticated: GrpcStatus.unauthenticated,
  'permission-denied': GrpcStatus.permissionDenied,
  'not-found': GrpcStatus.notFound,
  'already-exists': GrpcStatus.alreadyExists,
  conflict: GrpcStatus.failedPrecondition,
  'resource-exhausted': GrpcStatus.resourceExhausted,
  'out-of-range': GrpcStatus.outOfRange,
  aborted: GrpcStatus.aborted,
  unimplemented: GrpcStatus.unimplemented,
  unavailable: GrpcStatus.unavailable,
  'data-loss': GrpcStatus.dataLoss,
  canceled: GrpcStatus.canceled,
  'deadline-exceeded': GrpcStatus.deadlineExceeded,
  internal: GrpcStatus.internal,
  unknown: GrpcStatus.unknown,
};

const fromGrpc: Record<number, ErrorCode> = {
  1: 'canceled',
  2: 'unknown',
  3: 'invalid-argument',
  4: 'deadline-exceeded',
  5: 'not-found',
  6: 'already-exists',
  7: 'permission-denied',
  8: 'resource-exhausted',
  9: 'failed-precondition',
  10: 'aborted',
  11: 'out-of-range',
  12: 'unimplemented',
  13: 'internal',
  14: 'unavailable',
  15: 'data-loss',
  16: 'unauthenticated',
};

export function codeToGrpcStatus(code: ErrorCode): number {
  return toGrpc[code];
}

/** `message` tells "conflict" and "not modified" apart, which share FailedPrecondition on the wire. */
export function grpcStatusToCode(status: number, message = ''): ErrorCode {
  const code = fromGrpc[status] ?? 'unknown';
  if (code !== 'failed-precondition') return code;
  if (message === 'conflict' || message.endsWith(': conflict')) return 'conflict';
  if (message === 'not modified' || message.endsWith(': not modified')) return 'not-modified';
  return code;
}

const fromErrno: Record<string, ErrorCode> = {
  ENOENT: 'not-found',
  ESRCH: 'not-found',
  ENODEV: 'not-found',
  EEXIST: 'already-exists',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EINVAL: 'invalid-argument',
  ENAMETOOLONG: 'invalid-argument',
  ELOOP: 'invalid-argument',
  ENOSPC: 'resource-exhausted',
  EDQUOT: 'resource-exhausted',
  EMFILE: 'resource-exhausted',
  ENFILE: 'resource-exhausted',
  ENOMEM: 'resource-exhausted',
  EBUSY: 'failed-precondition',
  ENOTEMPTY: 'failed-precondition',
  ENOTDIR: 'failed-precondition',
  EISDIR: 'failed-precondition',
  EROFS: 'failed-precondition',
  ENOSYS: 'unimplemented',
  EOPNOTSUPP: 'unimplemented',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EPIPE: 'unavailable',
  ETIMEDOUT: 'deadline-exceeded',
};

/** What an errno name (`ENOENT`) means to a caller that does not know which call failed. */
export function errnoToCode(name: string): ErrorCode {
  return fromErrno[name] ?? 'internal';
}
