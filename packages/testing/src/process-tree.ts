/** Reads processes from /proc: for leak checks, for tests of the process model and for the picture in the quickstart. */
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';

export interface ProcessInfo {
  pid: number;
  parent: number;
  /** State letter of /proc/PID/stat: R, S, D, Z, T… */
  state: string;
  /** Command line, arguments joined by spaces; the name in brackets when there is none (kernel threads, zombies). */
  command: string;
}

/** All processes that this process may see, or undefined entries left out when they vanish while being read. */
export function listProcesses(): ProcessInfo[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => readProcess(Number(name)))
    .filter(info => info !== undefined);
}

/** One process; undefined when it is gone. */
export function readProcess(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ') as [string, string];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return {pid, parent: Number(parent), state, command: command || `[${name}]`};
  } catch {
    return undefined; // it ended between the listing and the reading
  }
}

/** The processes below `root`, in depth-first order, with their depth (its children have 1). */
export function descendants(root: number, all = listProcesses()): (ProcessInfo & {depth: number})[] {
  const below = (pid: number, depth: number): (ProcessInfo & {depth: number})[] =>
    all.filter(p => p.parent === pid).flatMap(p => [{...p, depth}, ...below(p.pid, depth + 1)]);
  return below(root, 1);
}

/** What descriptor `fd` of a process is (`socket:[123]`, a path); undefined when it is not open. */
export function descriptorOf(pid: number, fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** Unix sockets by inode as /proc/PID/net/unix shows them: `listening` is the __SO_ACCEPTCON flag. */
export function unixSockets(pid: number): Map<number, {path: string; listening: boolean}> {
  const sockets = new Map<number, {path: string; listening: boolean}>();
  for (const line of readFileSync(`/proc/${pid}/net/unix`, 'utf8').split('\n').slice(1)) {
    const [, , , flags, , , inode, path] = line.trim().split(/\s+/);
    if (inode)
      sockets.set(Number(inode), {path: path ?? '', listening: (Number.parseInt(flags ?? '0', 16) & 0x10000) !== 0});
  }
  return sockets;
}

/** Paths of the unix sockets that a process listens on. */
export function listeningSockets(pid: number): {fd: number; path: string}[] {
  const sockets = unixSockets(pid);
  return readdirSync(`/proc/${pid}/fd`).flatMap(name => {
    const inode = /^socket:\[(\d+)\]$/.exec(descriptorOf(pid, Number(name)) ?? '')?.[1];
    const socket = inode ? sockets.get(Number(inode)) : undefined;
    return socket?.listening && socket.path ? [{fd: Number(name), path: socket.path}] : [];
  });
}
