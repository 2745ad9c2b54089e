import {Buffer} from 'node:buffer';
import {resolve} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {closeFd, O_DIRECTORY, O_PATH} from './fd.ts';
import {attachLoop} from './loop-device.ts';
import {
  MNT_DETACH,
  MS_BIND,
  MS_DIRSYNC,
  MS_LAZYTIME,
  MS_MANDLOCK,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_NOSYMFOLLOW,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_REMOUNT,
  MS_SHARED,
  MS_SILENT,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  MS_UNBINDABLE,
  mount,
  mountDataMaximum,
  umount,
} from './mount.ts';
import {bindIdMapped, type IdMapping, withIdMappedCopies} from './mount-idmapped.ts';
import {mountOverlayWithLongOptions, splitOverlayOptions} from './mount-overlay.ts';
import {readlinkAt} from './nodes.ts';
import {AT_FDCWD, openInRoot} from './open-at.ts';

/** A mount as containerd's snapshotters describe it. */
export interface MountSpec {
  type: string;
  source: string;
  /** Path below the target that `mountAll` is given; the target itself if absent or empty. */
  target?: string;
  options: readonly string[];
}

/** Options that are bits of mount(2): set, or with `clear` removed. */
const flagOptions: Record<string, {set?: number; clear?: number}> = {
  async: {clear: MS_SYNCHRONOUS},
  atime: {clear: MS_NOATIME},
  bind: {set: MS_BIND},
  defaults: {},
  dev: {clear: MS_NODEV},
  diratime: {clear: MS_NODIRATIME},
  dirsync: {set: MS_DIRSYNC},
  exec: {clear: MS_NOEXEC},
  lazytime: {set: MS_LAZYTIME},
  mand: {set: MS_MANDLOCK},
  noatime: {set: MS_NOATIME},
  nodev: {set: MS_NODEV},
  nodiratime: {set: MS_NODIRATIME},
  noexec: {set: MS_NOEXEC},
  nolazytime: {clear: MS_LAZYTIME},
  nomand: {clear: MS_MANDLOCK},
  norelatime: {clear: MS_RELATIME},
  nostrictatime: {clear: MS_STRICTATIME},
  nosuid: {set: MS_NOSUID},
  nosymfollow: {set: MS_NOSYMFOLLOW},
  rbind: {set: MS_BIND | MS_REC},
  relatime: {set: MS_RELATIME},
  remount: {set: MS_REMOUNT},
  ro: {set: MS_RDONLY},
  rw: {clear: MS_RDONLY},
  silent: {set: MS_SILENT},
  strictatime: {set: MS_STRICTATIME},
  suid: {clear: MS_NOSUID},
  sync: {set: MS_SYNCHRONOUS},
};

const propagationOptions: Record<string, number> = {
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  unbindable: MS_UNBINDABLE,
  runbindable: MS_UNBINDABLE | MS_REC,
};

/** Options that need more than mount(2); a mount without their effect would be a wrong one. */
const unsupported = /^(loop=|X-containerd\.)/;

export interface MountOptions {
  flags: number;
  /** Propagation changes, in order, each a mount(2) of its own. */
  propagation: number[];
  /** What is left for the file system, joined by commas. */
  data: string;
  /** Owners are shown shifted; both of `uidmap=` and `gidmap=` are given then. */
  mapping?: IdMapping;
  /** The source is a file that needs a loop device. */
  loop?: true;
}

/** Sorts fstab-like option strings. Throws unimplemented for those that cannot be had by mount(2) alone. */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const parsed: MountOptions = {flags: 0, propagation: [], data: ''};
  const data: string[] = [];
  for (const option of options) {
    const flag = Object.hasOwn(flagOptions, option) ? flagOptions[option] : undefined;
    const propagation = Object.hasOwn(propagationOptions, option) ? propagationOptions[option] : undefined;
    if (flag) parsed.flags = (parsed.flags & ~(flag.clear ?? 0)) | (flag.set ?? 0);
    else if (propagation !== undefined) parsed.propagation.push(propagation);
    else if (option === 'loop') parsed.loop = true;
    else if (unsupported.test(option))
      throw new EngineError('unimplemented', `mount option is not supported: ${option}`);
    else if (option !== '') data.push(option);
  }
  const rest = data.filter(option => !/^[ug]idmap=/.test(option));
  parsed.data = rest.join(',');
  if (rest.length < data.length)
    parsed.mapping = {uidmap: mappingOption(data, 'uidmap'), gidmap: mappingOption(data, 'gidmap')};
  return parsed;
}

function mappingOption(options: readonly string[], key: string): string {
  const found = options.find(option => option.startsWith(`${key}=`));
  if (found === undefined)
    throw new EngineError('invalid-argument', `mount options lack ${key}= beside its other half`);
  return found.slice(key.length + 1);
}

/**
 * Mounts all of `mounts` in order at `target` (or below, where one says so). If one fails, those before it are
 * unmounted again. Overlays with more options than fit a page are mounted all the same.
 */
export function mountAll(mounts: readonly MountSpec[], target: string): void {
  const done: string[] = [];
  try {
    for (const spec of mounts) {
      const at = mountTarget(resolve(target), spec.target);
      try {
        mountOne(spec, at);
        done.unshift(at.finalPath);
      } finally {
        at.close();
      }
    }
  } catch (error) {
    for (const path of done) umount(path, MNT_DETACH);
    throw error;
  }
}

/** A sub-target is opened as inside the target, whatever symbolic links an image has put there. */
function mountTarget(target: string, below: string | undefined): {path: string; finalPath: string; close: () => void} {
  if (!below) return {path: target, finalPath: target, close: () => {}};
  const fd = openInRoot(target, below, O_PATH | O_DIRECTORY);
  const path = `/proc/self/fd/${fd}`;
  return {path, finalPath: readlinkAt(AT_FDCWD, path).toString(), close: () => closeFd(fd)};
}

/** `data` may be longer than mount(2) takes. */
export function mountOverlay(source: string, target: string, flags: number, data: string): void {
  if (Buffer.byteLength(data) > mountDataMaximum) mountOverlayWithLongOptions(source, target, flags, data);
  else mount(source, target, 'overlay', flags, data);
}

/** An overlay itself cannot be shifted, its lower directories can; what is written above them has the real owners. */
function mountIdMapped(spec: MountSpec, target: string, flags: number, data: string, mapping: IdMapping): void {
  if ((flags & MS_BIND) !== 0) {
    bindIdMapped(spec.source, target, mapping, (flags & MS_RDONLY) !== 0);
    return;
  }
  if (spec.type !== 'overlay') {
    throw new EngineError('unimplemented', `mounts of type ${spec.type} cannot have mapped ids`);
  }
  const options = splitOverlayOptions(data);
  const lowers = options.flatMap(([key, value]) =>
    key === 'lowerdir+' && value !== undefined ? [value.replace(/\\(.)/gs, '$1')] : [],
  );
  const others = options.filter(([key]) => key !== 'lowerdir+');
  withIdMappedCopies(lowers, mapping, copies => {
    const shown = others.map(([key, value]) => (value === undefined ? key : `${key}=${value}`));
    mountOverlay(spec.source, target, flags, [...shown, `lowerdir=${copies.join(':')}`].join(','));
  });
}

/** The device goes with the mount. */
function mountFile({source, type}: MountSpec, target: string, flags: number, data: string): void {
  using device = attachLoop(source, {readOnly: (flags & MS_RDONLY) !== 0});
  mount(device.path, target, type, flags, data);
}

/** `finalPath` leads to what was mounted at `path`, which a descriptor of the directory below it does not. */
function mountOne(spec: MountSpec, {path, finalPath}: {path: string; finalPath: string}): void {
  const {flags, propagation, data, mapping, loop} = parseMountOptions(spec.options);
  if (mapping) mountIdMapped(spec, path, flags, data, mapping);
  else if (loop) mountFile(spec, path, flags, data);
  else if (spec.type === 'overlay') mountOverlay(spec.source, path, flags, data);
  else mount(spec.source, path, spec.type, flags, data);
  try {
    // A bind mount takes its attributes only in a second step.
    const attributes = flags & ~(MS_BIND | MS_REC | MS_REMOUNT);
    if ((flags & MS_BIND) !== 0 && attributes !== 0)
      mount(undefined, finalPath, undefined, MS_BIND | MS_REMOUNT | attributes);
    for (const change of propagation) mount(undefined, finalPath, undefined, change);
  } catch (error) {
    umount(finalPath, MNT_DETACH);
    throw error;
  }
}
