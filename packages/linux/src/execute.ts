import {cstr} from './c-string.ts';
import {SystemCallError} from './errors.ts';
import {setCloexec} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';

const nativeExecve = bind<[path: Pointer, argv: Array<string | null>, env: Array<string | null>]>(
  'execve',
  'int',
  'void *',
  'str *',
  'str *',
);
const nativeSignal = bind<[signal: number, handler: Pointer], Pointer>('signal', 'void *', 'int', 'void *');

const SIGPIPE = 13;
const SIGXFSZ = 25;

/**
 * Replaces this process by another program: same pid, same working directory, stdio, and every other descriptor that
 * is not CLOEXEC (process.execve closes those from 3 on in Bun). Does not return. Signals that a JavaScript runtime ignores
 * are back at their default; those that our own caller ignored stay ignored. Throws not-found, permission-denied, ….
 */
export function executeProgram(path: string, argv: readonly string[], env: Record<string, string | undefined>): never {
  for (const fd of [0, 1, 2]) setCloexec(fd, false); // Node sets it on all that it inherits
  for (const signal of [SIGPIPE, SIGXFSZ]) nativeSignal(signal, null);
  const variables: string[] = [];
  for (const [key, value] of Object.entries(env)) if (value !== undefined) variables.push(`${key}=${value}`);
  // SAFETY: the strings and the NULL-terminated arrays are koffi's copies for the duration of the call, which ends
  // all other threads when it succeeds.
  nativeExecve(cstr(path), [...argv, null], [...variables, null]);
  throw new SystemCallError('execute', errno(), path);
}
