/** Subvolumes of btrfs. Numbers and structures are those of <linux/btrfs.h>. */
import {Buffer} from 'node:buffer';
import {basename, dirname} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {check} from './errors.ts';
import {ioctl} from './ioctl.ts';
import {withDirectory} from './open-at.ts';

const BTRFS_IOC_SNAP_DESTROY = 0x5000_940f;
const BTRFS_IOC_SNAP_CREATE_V2 = 0x5000_9417;
const BTRFS_IOC_SUBVOL_CREATE_V2 = 0x5000_9418;
const BTRFS_IOC_INO_LOOKUP = 0xd000_9412;
/** Every subvolume's root directory. */
const BTRFS_FIRST_FREE_OBJECTID = 256n;

/** All four structures have this size; the name is at the end of them. */
const argumentSize = 4096;
const nameOffset = 8;
const nameOffsetV2 = 56;
const longestName = 255;

/** Makes an empty subvolume at `path`. Blocks for as long as the file system needs. Throws not-supported elsewhere. */
export function createSubvolume(path: string): void {
  withDirectory(dirname(path), directory => {
    const argument = withName(basename(path), nameOffsetV2);
    check('create subvolume', path, ioctl(directory, BTRFS_IOC_SUBVOL_CREATE_V2, argument));
  });
}

/** Makes `path` a subvolume with the content that the subvolume `source` has now. Blocks as `createSubvolume`. */
export function snapshotSubvolume(source: string, path: string): void {
  withDirectory(source, from => {
    withDirectory(dirname(path), directory => {
      const argument = withName(basename(path), nameOffsetV2);
      argument.writeBigInt64LE(BigInt(from), 0);
      check('create snapshot', path, ioctl(directory, BTRFS_IOC_SNAP_CREATE_V2, argument));
    });
  });
}

/** Removes a subvolume with all its files; directory-not-empty if other subvolumes are below it. */
export function destroySubvolume(path: string): void {
  withDirectory(dirname(path), directory => {
    const argument = withName(basename(path), nameOffset);
    check('remove subvolume', path, ioctl(directory, BTRFS_IOC_SNAP_DESTROY, argument));
  });
}

/** The number by which `mount -o subvolid=` knows the subvolume that holds `path`. */
export function subvolumeId(path: string): bigint {
  return withDirectory(path, directory => {
    const argument = Buffer.alloc(argumentSize);
    argument.writeBigUInt64LE(BTRFS_FIRST_FREE_OBJECTID, 8);
    check('look up subvolume of', path, ioctl(directory, BTRFS_IOC_INO_LOOKUP, argument));
    return argument.readBigUInt64LE(0);
  });
}

function withName(name: string, offset: number): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length > longestName || bytes.includes(0)) {
    throw new EngineError('invalid-argument', `not a name for a subvolume: ${JSON.stringify(name)}`);
  }
  const argument = Buffer.alloc(argumentSize);
  bytes.copy(argument, offset);
  return argument;
}
