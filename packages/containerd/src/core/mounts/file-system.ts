/** `mkfs/` mounts: what a file system in a file shall be, by options. */
import {EngineError} from '@longshore/errdefs';
import {quote} from '../names.ts';
import type {Mount} from '../snapshots/snapshotter.ts';

export const fileSystemKinds = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs'] as const;

export interface WantedFileSystem {
  /** The file; one that is there already is taken as it is. */
  path: string;
  kind: (typeof fileSystemKinds)[number];
  /** Of the file, in bytes. */
  size: number;
  uuid: string | undefined;
}

const optionPrefix = 'X-containerd.mkfs.';
const optionForm = /^(size|fs|uuid)=(.+)$/s;
const sizeForm = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?b?|b)?$/i;
const uuidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Takes `X-containerd.mkfs.{size,fs,uuid}=` out of the options. Throws invalid-argument. */
export function takeFileSystem(mount: Mount): {mount: Mount; fileSystem: WantedFileSystem} {
  const given = new Map<string, string>();
  for (const option of mount.options.filter(each => each.startsWith(optionPrefix))) {
    const [, key, value] = optionForm.exec(option.slice(optionPrefix.length)) ?? [];
    if (key === undefined || value === undefined) throw invalid(`unknown mkfs mount option ${quote(option)}`);
    given.set(key, value);
  }
  const kind = fileSystemKinds.find(each => each === (given.get('fs') ?? 'ext4'));
  if (!kind) throw invalid(`unsupported file system ${quote(given.get('fs') ?? '')}`);
  const uuid = given.get('uuid');
  if (uuid !== undefined && !uuidForm.test(uuid)) throw invalid(`not a UUID: ${quote(uuid)}`);
  const fileSystem = {path: mount.source, kind, size: parseSize(given.get('size')), uuid};
  const options = mount.options.filter(option => !option.startsWith(optionPrefix));
  return {mount: {...mount, options}, fileSystem};
}

/** `64m`, `1.5GiB`, `67108864`: units are powers of 1024. */
function parseSize(text: string | undefined): number {
  if (text === undefined) throw invalid(`mkfs needs the option ${optionPrefix}size`);
  const [, number, unit = ''] = sizeForm.exec(text) ?? [];
  const size = Math.floor(Number(number) * 1024 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
  if (number === undefined || size <= 0 || !Number.isSafeInteger(size)) throw invalid(`invalid size: ${quote(text)}`);
  return size;
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', `${message}: invalid argument`);
}
