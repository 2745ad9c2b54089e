import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {cstr} from './c-string.ts';
import {Errno} from './errno-names.ts';
import {SystemCallError} from './errors.ts';
import {closeFd, dup, O_RDWR} from './fd.ts';
import {bind, errno, hasFunction, type Pointer} from './libc.ts';
import {AT_FDCWD, openAt} from './open-at.ts';
import {getrlimit, setrlimit} from './process.ts';

export interface SpawnOptions {
  /** Program: a path if it has a slash, else looked up in `env.PATH`. */
  path: string;
  /** Arguments from argv[0] on. */
  argv: readonly string[];
  /** The whole environment of the child. */
  env: Record<string, string | undefined>;
  cwd?: string;
  /** `fds[i]` becomes descriptor i of the child; -1, and 0 to 2 when the list is shorter, become /dev/null. */
  fds: readonly number[];
  /** The child leads a process group of its own. */
  processGroup?: boolean;
  /** The child leads a session of its own, without a controlling terminal. */
  newSession?: boolean;
  /** Soft limit of open files for the child; this process's by default, which JavaScript runtimes have raised. */
  fileLimit?: bigint | undefined;
}

const spawn = bind<
  [
    pid: Pointer,
    path: Pointer,
    actions: Pointer,
    attributes: Pointer,
    argv: Array<string | null>,
    env: Array<string | null>,
  ]
>('posix_spawn', 'int', 'void *', 'void *', 'void *', 'void *', 'str *', 'str *');
const actionsInit = bind<[actions: Pointer]>('posix_spawn_file_actions_init', 'int', 'void *');
const actionsDestroy = bind<[actions: Pointer]>('posix_spawn_file_actions_destroy', 'int', 'void *');
const actionsDup2 = bind<[actions: Pointer, from: number, to: number]>(
  'posix_spawn_file_actions_adddup2',
  'int',
  'void *',
  'int',
  'int',
);
const actionsChdir = bind<[actions: Pointer, path: Pointer]>(
  'posix_spawn_file_actions_addchdir_np',
  'int',
  'void *',
  'void *',
);
const actionsCloseFrom = bind<[actions: Pointer, from: number]>(
  'posix_spawn_file_actions_addclosefrom_np',
  'int',
  'void *',
  'int',
);
const attributesInit = bind<[attributes: Pointer]>('posix_spawnattr_init', 'int', 'void *');
const attributesDestroy = bind<[attributes: Pointer]>('posix_spawnattr_destroy', 'int', 'void *');
const attributesFlags = bind<[attributes: Pointer, flags: number]>('posix_spawnattr_setflags', 'int', 'void *', 'int');
const attributesDefault = bind<[attributes: Pointer, set: Pointer]>(
  'posix_spawnattr_setsigdefault',
  'int',
  'void *',
  'void *',
);
const attributesMask = bind<[attributes: Pointer, set: Pointer]>(
  'posix_spawnattr_setsigmask',
  'int',
  'void *',
  'void *',
);
const access = bind<[path: Pointer, mode: number]>('access', 'int', 'void *', 'int');

const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const X_OK = 1;

let closeFromExists: boolean | undefined;

/**
 * Starts a program and returns its pid; the caller reaps it. The child has all signals at their default and unblocked,
 * and no descriptor besides `fds`. It takes about as long as an exec: posix_spawn shares memory until then.
 * Throws not-found when the program or `cwd` does not exist, permission-denied when it may not be executed.
 */
export function spawnProcess(options: SpawnOptions): number {
  const path = findProgram(options.path, options.env.PATH);
  const opened = openSources(options.fds);
  // Sizes of glibc's structs (80 and 336 bytes) and musl's are below these. Zeroed, filled by the init calls.
  const actions = Buffer.alloc(256);
  const attributes = Buffer.alloc(512);
  actionsInit(actions);
  attributesInit(attributes);
  try {
    fillActions(actions, opened, options.cwd);
    fillAttributes(attributes, options);
    return withFileLimit(options.fileLimit, () => start(path, actions, attributes, options));
  } finally {
    attributesDestroy(attributes);
    actionsDestroy(actions);
    for (const fd of opened) closeFd(fd);
  }
}

/**
 * Runs `action` while the soft limit of open files is `soft`: a child that starts meanwhile has it. Descriptors that
 * are open stay so.
 */
export function withFileLimit<T>(soft: bigint | undefined, action: () => T): T {
  if (soft === undefined) return action();
  const own = getrlimit('nofile');
  if (soft >= own.soft) return action();
  setrlimit('nofile', {...own, soft});
  try {
    return action();
  } finally {
    setrlimit('nofile', own);
  }
}

function start(path: string, actions: Buffer, attributes: Buffer, options: SpawnOptions): number {
  const pid = Buffer.alloc(4);
  const env: string[] = [];
  for (const [key, value] of Object.entries(options.env)) if (value !== undefined) env.push(`${key}=${value}`);
  const argv = [...options.argv].map(withoutNul);
  // SAFETY: `actions` and `attributes` hold pointers to memory that libc allocated and that *_destroy frees; they are
  // themselves only read during this call. koffi copies the strings and the NULL-terminated arrays for its duration.
  const result = spawn(pid, cstr(path), actions, attributes, [...argv, null], [...env.map(withoutNul), null]);
  if (result === 0) return pid.readInt32LE(0);
  const subject = options.cwd === undefined ? path : `${path} in ${options.cwd}`;
  throw new SystemCallError('start', result, subject);
}

function withoutNul(value: string): string {
  if (value.includes('\0')) throw new EngineError('invalid-argument', 'argument or variable contains a NUL byte');
  return value;
}

/**
 * Duplicates of the wanted descriptors above the range of targets, so that no dup2 in the child overwrites a source
 * that is still needed, and so that a source which already has its final number loses its CLOEXEC flag too.
 */
function openSources(fds: readonly number[]): number[] {
  const opened: number[] = [];
  const count = Math.max(fds.length, 3);
  try {
    for (let i = 0; i < count; i++) opened.push(openSource(fds[i] ?? -1, count));
    return opened;
  } catch (error) {
    for (const fd of opened) closeFd(fd);
    throw error;
  }
}

function openSource(fd: number, minimum: number): number {
  if (fd >= 0) return dup(fd, minimum);
  const none = openAt(AT_FDCWD, '/dev/null', O_RDWR);
  try {
    return dup(none, minimum);
  } finally {
    closeFd(none);
  }
}

function fillActions(actions: Buffer, sources: readonly number[], cwd: string | undefined): void {
  if (cwd !== undefined) must('chdir', actionsChdir(actions, cstr(cwd)));
  for (const [target, source] of sources.entries()) must('dup2', actionsDup2(actions, source, target));
  // All our descriptors are CLOEXEC; this (glibc 2.34) also catches what we ourselves were given.
  closeFromExists ??= hasFunction('posix_spawn_file_actions_addclosefrom_np');
  if (closeFromExists) must('closefrom', actionsCloseFrom(actions, sources.length));
}

function fillAttributes(attributes: Buffer, options: SpawnOptions): void {
  let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (options.processGroup) flags |= POSIX_SPAWN_SETPGROUP;
  if (options.newSession) flags |= POSIX_SPAWN_SETSID;
  must('flags', attributesFlags(attributes, flags));
  // sigset_t is 128 bytes: all signals back to default, none blocked.
  must('signals', attributesDefault(attributes, Buffer.alloc(128, 0xff)));
  must('signal mask', attributesMask(attributes, Buffer.alloc(128)));
}

function must(what: string, result: number): void {
  if (result !== 0) throw new SystemCallError(`prepare ${what} of a new process`, result);
}

/** Path of an executable: `name` itself if it has a slash, else the first in the colon-separated `searchPath`. */
export function findProgram(
  name: string,
  searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
): string {
  if (name.includes('/')) return name;
  let failure: number = Errno.ENOENT;
  for (const directory of name === '' ? [] : searchPath.split(':')) {
    const path = `${directory || '.'}/${name}`;
    // Directories pass X_OK as well; a directory is no program, and a trailing slash only resolves for one.
    if (access(cstr(path), X_OK) === 0) {
      if (access(cstr(`${path}/`), 0) !== 0) return path;
    } else if (errno() === Errno.EACCES && access(cstr(path), 0) === 0) failure = Errno.EACCES;
  }
  throw new SystemCallError('find program', failure, name);
}
