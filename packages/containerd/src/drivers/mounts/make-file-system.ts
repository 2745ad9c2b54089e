/** Files with file systems for `mkfs/` mounts: only below roots, and whole or not there. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {fstatSync} from 'node:fs';
import {type FileHandle, open, rename, rm} from 'node:fs/promises';
import {basename, dirname, join, normalize} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {AT_FDCWD, closeFd, isErrno, O_DIRECTORY, O_NOFOLLOW, O_PATH, openAt, openInRoot} from '@longshore/linux';
import type {WantedFileSystem} from '../../core/mounts/file-system.ts';

/** More of what the program says is not read into an error. */
const maxOutput = 4096;

/**
 * Throws unimplemented for a path that is below none of the roots and for a missing program, failed-precondition for
 * what is there and no file. A file that is there stays as it is.
 */
export async function makeFileSystemBelow(
  roots: readonly string[],
  wanted: WantedFileSystem,
  signal: AbortSignal,
): Promise<void> {
  const path = normalize(wanted.path);
  const root = roots.find(each => path.startsWith(`${each}/`));
  if (root === undefined || path.endsWith('/')) {
    const places = roots.join(', ');
    throw new EngineError('unimplemented', `cannot make "${path}": it is no file below ${places}: not implemented`);
  }
  const parent = openDirectory(root, dirname(path).slice(root.length + 1));
  try {
    const directory = `/proc/${process.pid}/fd/${parent}`;
    if (isFileThere(parent, basename(path), path)) return;
    const temporary = join(directory, `.${basename(path)}.mkfs`);
    try {
      await prepareFile(temporary, wanted.size);
      await format(temporary, wanted, signal);
      await rename(temporary, join(directory, basename(path)));
    } catch (error) {
      await rm(temporary, {force: true});
      throw error;
    }
  } finally {
    closeFd(parent);
  }
}

function openDirectory(root: string, below: string): number {
  const rootFd = openAt(AT_FDCWD, root, O_PATH | O_DIRECTORY);
  try {
    return openInRoot(rootFd, below || '.', O_PATH | O_DIRECTORY);
  } finally {
    closeFd(rootFd);
  }
}

function isFileThere(parent: number, name: string, path: string): boolean {
  try {
    const fd = openAt(parent, name, O_PATH | O_NOFOLLOW);
    try {
      if (fstatSync(fd).isFile()) return true;
    } finally {
      closeFd(fd);
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
  throw new EngineError('failed-precondition', `"${path}" exists and is not a regular file: failed precondition`);
}

/** What a killed process left is begun anew. */
async function prepareFile(path: string, size: number): Promise<void> {
  await rm(path, {force: true});
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx', 0o640);
    await file.truncate(size);
  } finally {
    await file?.close();
  }
}

async function format(path: string, {kind, uuid}: WantedFileSystem, signal: AbortSignal): Promise<void> {
  const own = ['xfs', 'btrfs'].includes(kind);
  const named = uuid === undefined ? [] : kind === 'xfs' ? ['-m', `uuid=${uuid}`] : ['-U', uuid];
  const args = ['-q', own ? '-f' : '-F', ...named, path];
  const env = {...process.env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`};
  const program = `mkfs.${kind}`;
  const child = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe'], env, signal, killSignal: 'SIGKILL'});
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(0, maxOutput);
    });
  }
  const [code, ending] = await ended(child, program);
  if (code === 0) return;
  const reason = code === null ? `signal: ${ending}` : `exit status ${code}`;
  throw new EngineError('unknown', `${program} failed: ${output.trim()}: ${reason}`);
}

async function ended(child: ReturnType<typeof spawn>, program: string): Promise<[number | null, string | null]> {
  try {
    return (await once(child, 'close')) as [number | null, string | null];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new EngineError('unimplemented', `there is no ${program} on this host: not implemented`, {cause: error});
  }
}
