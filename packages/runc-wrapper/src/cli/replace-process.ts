/**
 * Becomes another program: when nothing is left to do after it, that saves a process and a wait, and the program
 * has our pid, descriptors, terminal and parent as if the caller had started it.
 */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {originalFileLimit} from '@longshore/base';
import {executeProgram, getrlimit, setCloexec, setrlimit} from '@longshore/linux';

/** `argv` begins with the program's name. Does not return; throws when the program cannot be executed. */
export function replaceProcess(path: string, argv: readonly string[], env: NodeJS.ProcessEnv): never {
  restoreFileLimit();
  const inherited = inheritedDescriptors();
  if (inherited.length === 0) executeLightly(path, argv, env);
  for (const fd of inherited) setCloexec(fd, false);
  executeProgram(path, argv, env);
}

/**
 * Without loading the native library, which takes longer than all the rest. Both JavaScript runtimes ignore SIGPIPE,
 * Bun SIGXFSZ as well, and what is ignored stays so across execve(2); what has a handler returns to its default.
 */
function executeLightly(path: string, argv: readonly string[], env: NodeJS.ProcessEnv): never {
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => {});
  process.execve!(path, argv, env);
  throw new Error(`cannot execute ${path}`); // only if execve(2) returns without an error
}

/** Both JavaScript runtimes raise their soft limit of open files to the hard one. */
function restoreFileLimit(): void {
  const original = originalFileLimit();
  if (original === undefined || original >= (softFileLimit() ?? 0n)) return;
  setrlimit('nofile', {...getrlimit('nofile'), soft: original});
}

/** Read from a file, because loading the native library takes longer than all the rest. */
function softFileLimit(): bigint | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return soft === undefined ? undefined : BigInt(soft);
}

/**
 * Descriptors that the caller left open for the runtime: socket activation, --preserve-fds, /dev/fd/N as a file.
 * Bun marks them close-on-exec at start. Its own are an epoll instance and what that watches.
 */
function inheritedDescriptors(): number[] {
  const names = new Map<number, string>();
  for (const entry of readdirSync('/proc/self/fd')) {
    const fd = Number(entry);
    const name = fd > 2 ? nameOf(fd) : undefined;
    if (name !== undefined) names.set(fd, name);
  }
  const own = new Set<number>();
  for (const [fd, name] of names) {
    if (name !== 'anon_inode:[eventpoll]') continue;
    own.add(fd);
    for (const watched of watchedBy(fd)) own.add(watched);
  }
  return [...names.keys()].filter(fd => !own.has(fd));
}

/** Undefined for the descriptor that listed the directory, which is closed again. */
function nameOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function watchedBy(epoll: number): number[] {
  const info = readFileSync(`/proc/self/fdinfo/${epoll}`, 'latin1');
  return [...info.matchAll(/^tfd:\s*(\d+)/gm)].map(match => Number(match[1]));
}
