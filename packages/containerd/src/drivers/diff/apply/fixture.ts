/** Layers and trees for tests. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {MNT_DETACH, mountAll, umount} from '@longshore/linux';
import {type Compression, digestOf, type TarEntry, tarEnd, tarEntry, tarHeader, tarPadding} from '@longshore/oci';
import type {ExecutionContext} from 'ava';
import {applyLayer} from './apply-layer.ts';
import type {ApplyJob, ApplyResult, ApplyTarget} from './job.ts';

export function tempDir(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ls-diff-'));
  t.teardown(() => rmSync(directory, {recursive: true, force: true}));
  return directory;
}

export type Member = [entry: TarEntry, body?: string | Buffer];

export const dir = (name: string, parts: Partial<TarEntry> = {}): Member => [tarEntry('directory', name, parts)];
export const file = (name: string, body: string | Buffer = '', parts: Partial<TarEntry> = {}): Member => [
  tarEntry('file', name, parts),
  body,
];
export const symlink = (name: string, target: string): Member => [
  tarEntry('symlink', name, {linkName: Buffer.from(target)}),
];
export const link = (name: string, target: string): Member => [tarEntry('link', name, {linkName: Buffer.from(target)})];

export function layer(...members: Member[]): Buffer {
  const parts: Buffer[] = [];
  for (const [entry, body = ''] of members) {
    const bytes = Buffer.from(body);
    parts.push(tarHeader({...entry, size: bytes.length}), bytes, tarPadding(bytes.length));
  }
  return Buffer.concat([...parts, tarEnd()]);
}

/** Unpacks bytes into a target, in this thread. */
export async function apply(
  t: ExecutionContext,
  target: ApplyTarget,
  blob: Buffer,
  options: Partial<ApplyJob> & {compression?: Compression} = {},
): Promise<ApplyResult> {
  const path = join(tempDir(t), 'blob');
  writeFileSync(path, blob);
  return await applyLayer({
    blob: path,
    digest: digestOf(blob),
    compression: 'none',
    target,
    maxBytes: 1 << 30,
    maxEntries: 100_000,
    syncFs: false,
    cancel: new Int32Array(1),
    ...options,
  });
}

/** A stack of layers on overlayfs, or copied into one directory: both must show the same. */
export interface Stack {
  /** Puts a layer on top. */
  add(blob: Buffer): Promise<void>;
  /** Shows the whole; the path is good until the next `add`. */
  show(): string;
  /** Directory of the topmost layer (the whole tree when it is one directory). */
  top(): string;
}

export function overlayStack(t: ExecutionContext): Stack {
  const root = tempDir(t);
  const layers: string[] = [];
  const merged = join(root, 'merged');
  mkdirSync(merged);
  let isMounted = false;
  const hide = () => {
    if (isMounted) umount(merged, MNT_DETACH);
    isMounted = false;
  };
  t.teardown(hide);
  return {
    async add(blob) {
      hide();
      const upper = join(root, String(layers.length));
      mkdirSync(upper);
      await apply(t, {kind: 'overlay', upper, lower: [...layers], attributePrefix: 'trusted.'}, blob);
      layers.unshift(upper);
    },
    show() {
      hide();
      const lower = [...layers, join(root, 'merged')].join(':');
      mountAll([{type: 'overlay', source: 'overlay', options: [`lowerdir=${lower}`]}], merged);
      isMounted = true;
      return merged;
    },
    top: () => layers[0] ?? '',
  };
}

export function plainStack(t: ExecutionContext): Stack {
  const root = tempDir(t);
  return {
    add: async blob => {
      await apply(t, {kind: 'directory', path: root}, blob);
    },
    show: () => root,
    top: () => root,
  };
}
