/** Loop devices of the mount manager: a link in the place of a mount point, and the device bears a mark of the place. */
import {createHash} from 'node:crypto';
import {lstatSync, readlinkSync, symlinkSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import {attachLoop, detachLoop, isLoopDevice} from '@longshore/linux';
import type {Mount} from '../../core/snapshots/snapshotter.ts';

/**
 * Until the link is there the device goes with this process. It takes the option `ro`; throws invalid-argument for
 * others.
 */
export function attachLoopAt({source, options}: Mount, place: string): void {
  const other = options.find(option => !['ro', 'rw', ''].includes(option));
  if (other !== undefined) {
    throw new EngineError('invalid-argument', `loop devices have no option ${JSON.stringify(other)}: invalid argument`);
  }
  using device = attachLoop(source, {name: markOf(place), readOnly: options.includes('ro')});
  symlinkSync(device.path, place);
  device.keep();
}

/** False for a link that outlived its device, which may be somebody else's by now. */
export function hasLoopDevice(place: string): boolean {
  const device = linkedDevice(place);
  return device !== undefined && isLoopDevice(device, markOf(place));
}

/** Whether `place` is a link; its device is let go of if it still is this place's. The link stays. */
export function detachLoopAt(place: string): boolean {
  const device = linkedDevice(place);
  if (device !== undefined) detachLoop(device, markOf(place));
  return device !== undefined;
}

function linkedDevice(place: string): string | undefined {
  return lstatSync(place, {throwIfNoEntry: false})?.isSymbolicLink() ? readlinkSync(place) : undefined;
}

/** Places are never used twice. A path may be longer than what a device keeps. */
function markOf(place: string): string {
  return `longshore-${createHash('sha256').update(place).digest('hex').slice(0, 40)}`;
}
