/** Device nodes of the host in a container, and which ones its cgroup lets it use. */
import {readdirSync} from 'node:fs';
import type {LinuxDevice, LinuxDeviceCgroup} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {AT_FDCWD, fstatAtIfExists, major, minor, S_IFBLK, S_IFCHR, S_IFDIR, S_IFMT} from '@longshore/linux';
import type {FullSpec} from './default-spec.ts';

/** null, random, full, tty, zero, urandom, console, the terminals of /dev/pts and ptmx. */
const always: readonly [number, number | undefined][] = [
  [1, 3],
  [1, 8],
  [1, 7],
  [5, 0],
  [1, 5],
  [1, 9],
  [5, 1],
  [136, undefined],
  [5, 2],
];

/** What every container may use. */
export function defaultDeviceRules(): LinuxDeviceCgroup[] {
  return always.map(([majorNumber, minorNumber]) => ({
    ...{allow: true, type: 'c' as const, major: majorNumber},
    ...(minorNumber === undefined ? {} : {minor: minorNumber}),
    access: 'rwm',
  }));
}

/** Adds the device, or every device below a directory. Throws for what is neither. */
export function addDevice(spec: FullSpec, path: string): void {
  const devices = devicesAt(path);
  spec.linux.devices = [...(spec.linux.devices ?? []), ...devices];
  const rules = devices.map(({type, major: majorNumber, minor: minorNumber}) => ({
    ...{allow: true, type: type as 'c' | 'b', major: majorNumber ?? 0, minor: minorNumber ?? 0, access: 'rwm'},
  }));
  const resources = spec.linux.resources ?? {};
  spec.linux.resources = {...resources, devices: [...(resources.devices ?? []), ...rules]};
}

function devicesAt(path: string): LinuxDevice[] {
  const status = fstatAtIfExists(AT_FDCWD, path);
  if (!status) throw new EngineError('not-found', `cannot add device ${path}: no such file or directory`);
  if ((Number(status.mode) & S_IFMT) === S_IFDIR) return hostDevices(path);
  const device = deviceAt(path, status);
  if (device) return [device];
  throw new EngineError('invalid-argument', `cannot add device ${path}: not a device node`);
}

/** Device nodes below a directory of /dev; terminals and shared memory are the container's own. */
export function hostDevices(dir: string): LinuxDevice[] {
  const entries = readdirSync(dir, {withFileTypes: true}).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap(entry => {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory()) return isOwn(entry.name) ? [] : hostDevices(path);
    if (entry.isSymbolicLink() || entry.name === 'console') return [];
    const device = deviceAt(path, fstatAtIfExists(AT_FDCWD, path));
    return device ? [device] : [];
  });
}

function isOwn(directory: string): boolean {
  return ['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev'].includes(directory);
}

function deviceAt(path: string, status: ReturnType<typeof fstatAtIfExists>): LinuxDevice | undefined {
  if (!status) return undefined;
  const kind = Number(status.mode) & S_IFMT;
  if (kind !== S_IFCHR && kind !== S_IFBLK) return undefined;
  return {
    path,
    type: kind === S_IFCHR ? 'c' : 'b',
    major: major(status.rdev),
    minor: minor(status.rdev),
    fileMode: Number(status.mode) & 0o7777,
    uid: status.uid,
    gid: status.gid,
  };
}
