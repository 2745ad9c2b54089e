import {EngineError, type ErrorCode, errnoToCode} from '@longshore/errdefs';
import {Errno, errnoName} from './errno-names.ts';
import {bind, errno} from './libc.ts';

const strerror = bind<[errno: number], string>('strerror', 'str', 'int');

/**
 * A system call that failed: which, why, and on what. The message reads `cannot mount "/x": ENOTDIR: not a directory`.
 * Its code is what the errno usually means; a caller that knows better wraps it.
 */
export class SystemCallError extends EngineError {
  readonly call: string;
  readonly errno: number;
  readonly errnoName: string;
  readonly path?: string;

  constructor(call: string, errnoValue: number, subject?: string, detail?: string, options?: ErrorOptions) {
    const name = errnoName(errnoValue);
    const about = subject === undefined ? '' : ` ${JSON.stringify(subject)}`;
    super(codeOfErrno(name), `cannot ${call}${about}: ${name}: ${detail ?? errorText(errnoValue)}`, options);
    this.name = 'SystemCallError';
    this.call = call;
    this.errno = errnoValue;
    this.errnoName = name;
    if (subject !== undefined) this.path = subject;
  }
}

function codeOfErrno(name: string): ErrorCode {
  return errnoToCode(name);
}

/** The C library's text for an errno, in the lower case of our messages: `no such file or directory`. */
export function errorText(errnoValue: number): string {
  const text = strerror(errnoValue);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** True for a SystemCallError with one of these errno names. */
export function isErrno(error: unknown, ...names: string[]): error is SystemCallError {
  return error instanceof SystemCallError && names.includes(error.errnoName);
}

/** Returns `result`, or throws the error of the call when it is -1 (also 2^64-1, which some 64-bit results are). */
export function check(call: string, subject: string | undefined, result: number): number {
  if (result !== -1) return result;
  throw new SystemCallError(call, errno(), subject);
}

/**
 * Repeats a call that a signal interrupted. Our own handlers are installed with SA_RESTART, yet poll, epoll and calls
 * with a time-out are never restarted by the kernel.
 */
export function retryInterrupted(call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1 || errno() !== Errno.EINTR) return result;
  }
}
