import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmod} from 'node:fs/promises';
import {EngineError} from '@longshore/errdefs';
import type {Labels} from '../../core/names.ts';
import {refuseMappedIds} from '../../core/snapshots/mapped-ids.ts';
import type {SnapshotFiles} from '../../core/snapshots/record.ts';
import {refuseSizeLimit} from '../../core/snapshots/size-limit.ts';
import type {Mount, SnapshotUsage} from '../../core/snapshots/snapshotter.ts';
import type {SnapshotDirectories} from '../snapshot-directories/snapshot-directories.ts';

/** Snapshots as full copies of their parents: works on every file system, costs the space. */
export class NativeFiles implements SnapshotFiles {
  readonly #directories: SnapshotDirectories;

  constructor(directories: SnapshotDirectories) {
    this.#directories = directories;
  }

  async create(id: number, kind: 'active' | 'view', ancestors: readonly number[], labels: Labels): Promise<void> {
    refuseMappedIds(labels, 'native keeps copies with the owners they have');
    refuseSizeLimit(labels, 'native has no quotas');
    const [parent] = ancestors;
    await this.#directories.create(id, async staging => {
      await chmod(staging, 0o755);
      // A view of a parent is the parent itself, mounted read-only.
      if (parent !== undefined && kind === 'active') await copyTree(this.#directories.path(parent), staging);
    });
  }

  mounts(id: number, kind: 'active' | 'view', ancestors: readonly number[]): Mount[] {
    const shown = kind === 'view' ? (ancestors[0] ?? id) : id;
    const access = kind === 'view' ? 'ro' : 'rw';
    return [{type: 'bind', source: this.#directories.path(shown), target: '', options: ['rbind', access]}];
  }

  async usage(id: number, _ancestors: readonly number[], signal: AbortSignal): Promise<SnapshotUsage> {
    return await this.#directories.usage(id, '.', signal);
  }

  async discard(ids: readonly number[]): Promise<void> {
    await this.#directories.discard(ids);
  }

  async list(): Promise<number[]> {
    return await this.#directories.list();
  }

  async settle(): Promise<void> {
    await this.#directories.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#directories[Symbol.asyncDispose]();
  }
}

/**
 * coreutils' cp keeps owners, modes, times, attributes, hard links, holes and devices, and shares blocks where the
 * file system can.
 */
async function copyTree(from: string, to: string): Promise<void> {
  const child = spawn('cp', ['-a', '--reflink=auto', '--sparse=auto', '--', `${from}/.`, to], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C'},
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    if (errors.length < 4096) errors += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  const reason = errors.trim().split('\n')[0] ?? '';
  const full = /No space left|Disk quota/.test(errors);
  throw new EngineError(full ? 'resource-exhausted' : 'internal', `cannot copy snapshot: ${reason}`);
}
