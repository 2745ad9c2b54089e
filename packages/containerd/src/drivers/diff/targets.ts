/** Finds out how to get at what a list of mounts would show, without mounting it where that can be avoided. */
import {EngineError} from '@longshore/errdefs';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import type {ApplyTarget} from './apply/job.ts';

/** Where a layer is unpacked to. Throws `invalid-argument` or `failed-precondition` for what cannot be written. */
export function applyTarget(mounts: readonly Mount[]): ApplyTarget {
  const [only] = mounts;
  if (!only) throw new EngineError('invalid-argument', 'mounts are required to apply a layer: invalid argument');
  const last = mounts.at(-1) as Mount;
  if (last.options.includes('ro')) {
    throw new EngineError('failed-precondition', 'a layer cannot be applied to a read-only mount');
  }
  if (mounts.length === 1 && !only.target) {
    if (isBind(only)) return {kind: 'directory', path: only.source};
    const overlay = only.type === 'overlay' ? parseOverlay(only) : undefined;
    if (overlay?.upper) return {...overlay, kind: 'overlay', upper: overlay.upper};
    if (overlay)
      throw new EngineError('failed-precondition', 'a layer cannot be applied to an overlay without upperdir');
  }
  return {kind: 'mounts', mounts: mounts.map(mount => ({...mount, options: [...mount.options]}))};
}

export interface OverlayDirectories {
  upper: string | undefined;
  /** From the top down. */
  lower: string[];
  attributePrefix: 'trusted.' | 'user.';
}

/** Undefined when the mount has options that change what the directories mean. */
export function parseOverlay(mount: Mount): OverlayDirectories | undefined {
  const overlay: OverlayDirectories = {upper: undefined, lower: [], attributePrefix: 'trusted.'};
  for (const option of mount.options) {
    const [key, value = ''] = splitOption(option);
    if (key === 'upperdir') overlay.upper = unescapePath(value);
    else if (key === 'lowerdir') overlay.lower = value.split(/(?<!\\):/).map(unescapePath);
    else if (key === 'userxattr') overlay.attributePrefix = 'user.';
    else if (!harmless.has(key)) return undefined;
  }
  return overlay;
}

export function isBind(mount: Mount): boolean {
  return mount.type === 'bind' || mount.options.includes('bind') || mount.options.includes('rbind');
}

/** Options that leave the layers' meaning alone when they are read or written directly. */
const harmless = new Set(['workdir', 'index', 'rw', 'volatile', 'xino', 'nfs_export']);

function splitOption(option: string): [key: string, value?: string] {
  const equals = option.indexOf('=');
  return equals < 0 ? [option] : [option.slice(0, equals), option.slice(equals + 1)];
}

function unescapePath(path: string): string {
  return path.replace(/\\(.)/g, '$1');
}
