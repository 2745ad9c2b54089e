/** Snapshots that may not grow beyond a size. The original has no name for it: the label is our own. */
import {EngineError} from '@longshore/errdefs';
import type {Labels} from '../names.ts';

/** Bytes, in decimal digits. */
export const sizeLimitLabel = 'containerd.io/snapshot/longshore.size-limit';

/** What the labels of a snapshot ask for, in bytes. Throws invalid-argument for what is no size. */
export function sizeLimit(labels: Labels): bigint | undefined {
  const value = labels[sizeLimitLabel] ?? '';
  if (value === '') return undefined;
  if (!/^[1-9][0-9]{0,17}$/.test(value)) {
    throw new EngineError(
      'invalid-argument',
      `label ${sizeLimitLabel}="${value}" is no size in bytes: invalid argument`,
    );
  }
  return BigInt(value);
}

/** For snapshotters without: a client that asks for a limit must not get a snapshot without it. */
export function refuseSizeLimit(labels: Labels, reason: string): void {
  if (sizeLimit(labels) === undefined) return;
  throw new EngineError('unimplemented', `snapshots of limited size: ${reason} (${sizeLimitLabel})`);
}
