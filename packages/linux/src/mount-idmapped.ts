/** Mounts that show other owners than the disk has: `uidmap=` and `gidmap=` of a mount's options. */
import {Buffer} from 'node:buffer';
import {mkdirSync, mkdtempSync, readlinkSync, rmdirSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {cstr} from './c-string.ts';
import {SystemCallError} from './errors.ts';
import {closeFd, O_CLOEXEC, O_CREAT, O_EXCL, O_RDONLY} from './fd.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {MNT_DETACH, MS_BIND, mount, umount} from './mount.ts';
import {deleteNetns} from './namespaces.ts';
import {AT_FDCWD, openAt} from './open-at.ts';
import {kill} from './process.ts';
import {spawnProcess} from './spawn.ts';
import {waitPidSync} from './wait.ts';

/** Each as `CONTAINER:HOST:SIZE`, several joined by commas; the ids of the disk are those of the container. */
export interface IdMapping {
  uidmap: string;
  gidmap: string;
}

const nativeOpenTree = bind<[number: number, dirfd: number, path: Pointer, flags: number]>(
  'syscall',
  'long',
  'long',
  'int',
  'void *',
  'uint',
);
const nativeSetAttr = bind<
  [number: number, dirfd: number, path: Pointer, flags: number, attributes: Pointer, size: number]
>('syscall', 'long', 'long', 'int', 'void *', 'uint', 'void *', 'size_t');
const nativeMoveMount = bind<
  [number: number, from: number, fromPath: Pointer, to: number, toPath: Pointer, flags: number]
>('syscall', 'long', 'long', 'int', 'void *', 'int', 'void *', 'uint');

const SYS_open_tree = 428;
const SYS_move_mount = 429;
const SYS_mount_setattr = 442;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = O_CLOEXEC;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_RDONLY = 0x1;
const MOUNT_ATTR_IDMAP = 0x10_0000;
const mountAttributesSize = 32;

/** Milliseconds for the helper to be in its new user namespace. */
const helperTimeout = 5000;

/** Binds the tree at `source` to `target` with shifted owners. Throws invalid-argument for a mapping that is none. */
export function bindIdMapped(source: string, target: string, mapping: IdMapping, readOnly = false): void {
  withUserNamespace(mapping, namespace => bindShifted(source, target, namespace, readOnly));
}

/**
 * Calls `mount` with the paths of shifted copies of `directories`, which are there only until it returns: an overlay
 * keeps what it was mounted from.
 */
export function withIdMappedCopies(
  directories: readonly string[],
  mapping: IdMapping,
  mount: (copies: readonly string[]) => void,
): void {
  const base = mkdtempSync(join(tmpdir(), 'ls-idmap-'));
  const mounted: string[] = [];
  try {
    withUserNamespace(mapping, namespace => {
      for (const [index, directory] of directories.entries()) {
        const copy = join(base, String(index));
        mkdirSync(copy);
        mounted.push(copy);
        bindShifted(directory, copy, namespace, false);
      }
    });
    mount(mounted);
  } finally {
    for (const copy of mounted) {
      try {
        umount(copy, MNT_DETACH);
      } catch {
        // The one that could not be mounted: the directory is empty, which rmdir finds out.
      }
      rmdirSync(copy);
    }
    rmdirSync(base);
  }
}

/** As bindIdMapped, with the ids of a namespace that is open; without `recursive` of the one mount at `source` alone. */
export function bindShifted(
  source: string,
  target: string,
  namespace: number,
  readOnly: boolean,
  recursive = true,
): void {
  const depth = recursive ? AT_RECURSIVE : 0;
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth;
  const tree = nativeOpenTree(SYS_open_tree, AT_FDCWD, cstr(source), flags);
  if (tree === -1) throw new SystemCallError('open mount', errno(), source);
  try {
    // struct mount_attr: attr_set, attr_clr, propagation, userns_fd, each 64 bits.
    const attributes = Buffer.alloc(mountAttributesSize);
    attributes.writeBigUInt64LE(BigInt(MOUNT_ATTR_IDMAP | (readOnly ? MOUNT_ATTR_RDONLY : 0)), 0);
    attributes.writeBigUInt64LE(BigInt(namespace), 24);
    const how = AT_EMPTY_PATH | depth;
    const set = nativeSetAttr(SYS_mount_setattr, tree, cstr(''), how, attributes, mountAttributesSize);
    if (set === -1) throw new SystemCallError('shift owners of', errno(), source);
    const moved = nativeMoveMount(SYS_move_mount, tree, cstr(''), AT_FDCWD, cstr(target), MOVE_MOUNT_F_EMPTY_PATH);
    if (moved === -1) throw new SystemCallError('mount', errno(), target);
  } finally {
    closeFd(tree);
  }
}

function withUserNamespace(mapping: IdMapping, use: (namespace: number) => void): void {
  const namespace = openUserNamespace(mapping);
  try {
    use(namespace);
  } finally {
    closeFd(namespace);
  }
}

/** A descriptor of a new user namespace with these ids, which nobody is in. The caller closes it. */
export function openUserNamespace(mapping: IdMapping): number {
  return withNamespaceHelper(mapping, ['--user'], pid =>
    openAt(AT_FDCWD, `/proc/${pid}/ns/user`, O_RDONLY | O_CLOEXEC),
  );
}

/**
 * Makes a user namespace with these ids and a network namespace that belongs to it, and pins both at paths where there is
 * nothing yet. `deleteNetns` unpins either.
 */
export function createUserAndNetns(mapping: IdMapping, userPath: string, netPath: string): void {
  const pinned: string[] = [];
  try {
    withNamespaceHelper(mapping, ['--user', '--net'], pid => {
      for (const [kind, path] of [
        ['user', userPath],
        ['net', netPath],
      ] as const) {
        closeFd(openAt(AT_FDCWD, path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444));
        pinned.push(path);
        mount(`/proc/${pid}/ns/${kind}`, path, undefined, MS_BIND);
      }
    });
  } catch (error) {
    for (const path of pinned) deleteNetns(path);
    throw error;
  }
}

/**
 * A process with several threads cannot enter a user namespace: a helper does, and is only kept while `use` runs, in
 * which its namespaces are to be opened.
 */
function withNamespaceHelper<T>(mapping: IdMapping, kinds: readonly string[], use: (pid: number) => T): T {
  const [uids, gids] = [parseMapping(mapping.uidmap), parseMapping(mapping.gidmap)];
  const env = {PATH: process.env.PATH ?? '/usr/bin:/bin'};
  const pid = spawnProcess({path: 'unshare', argv: ['unshare', ...kinds, 'sleep', '60'], env, fds: []});
  try {
    waitForOtherNamespace(pid, 'user');
    if (kinds.includes('--net')) waitForOtherNamespace(pid, 'net');
    writeFileSync(`/proc/${pid}/uid_map`, uids);
    writeFileSync(`/proc/${pid}/gid_map`, gids);
    return use(pid);
  } finally {
    end(pid);
  }
}

function parseMapping(text: string): string {
  const lines = text.split(',').map(part => {
    const match = /^([0-9]+):([0-9]+):([1-9][0-9]*)$/.exec(part);
    if (match) return match.slice(1).join(' ');
    throw new EngineError('invalid-argument', `id mapping "${text}" is not CONTAINER:HOST:SIZE`);
  });
  return `${lines.join('\n')}\n`;
}

function waitForOtherNamespace(pid: number, kind: 'user' | 'net'): void {
  const own = readlinkSync(`/proc/self/ns/${kind}`);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + helperTimeout;
  while (readlinkSync(`/proc/${pid}/ns/${kind}`) === own) {
    if (performance.now() > deadline) {
      throw new EngineError('failed-precondition', `cannot make a ${kind} namespace with mapped ids`);
    }
    Atomics.wait(pause, 0, 0, 1);
  }
}

function end(pid: number): void {
  kill(pid, 'SIGKILL');
  try {
    waitPidSync(pid);
  } catch {
    // Reaped by whoever reaps all children of this process.
  }
}

/** Makes a network namespace that belongs to the user namespace at `userPath`, and pins it at `path`. */
export function createNetnsOf(userPath: string, path: string): void {
  const env = {PATH: process.env.PATH ?? '/usr/bin:/bin'};
  const argv = ['nsenter', `--user=${userPath}`, 'unshare', '--net', 'sleep', '60'];
  const pid = spawnProcess({path: 'nsenter', argv, env, fds: []});
  try {
    waitForOtherNamespace(pid, 'net');
    closeFd(openAt(AT_FDCWD, path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444));
    try {
      mount(`/proc/${pid}/ns/net`, path, undefined, MS_BIND);
    } catch (error) {
      deleteNetns(path);
      throw error;
    }
  } finally {
    end(pid);
  }
}
