/** Device nodes of the host. */
import {lstatSync, readdirSync, realpathSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {LinuxDevice, LinuxDeviceCgroup} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {major, minor} from '@longshore/linux';
import type {BlockDevice} from '../../core/containers/spec/resources.ts';

/** Directories below /dev that belong to the container itself, or to a container manager. */
const skippedDirectories = ['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev'];
const skippedFiles = ['console'];

/**
 * One device, or all below a directory. Throws `error gathering device information while adding custom device
 * "/dev/x": no such file or directory`.
 */
export function devicesOf(
  pathOnHost: string,
  pathInContainer: string,
  permissions: string,
): {devices: LinuxDevice[]; rules: LinuxDeviceCgroup[]} {
  const resolved = resolve(pathOnHost);
  const found = isDirectory(resolved)
    ? walk(resolved).map(device => ({...device, path: join(pathInContainer, device.path.slice(resolved.length))}))
    : [readDevice(resolved, pathInContainer)].filter(device => device !== undefined);
  if (found.length === 0) throw unusable(pathOnHost, 'not a device node');
  return {devices: found, rules: found.map(device => ruleFor(device, permissions))};
}

/** Every device of this host, for privileged containers. */
export function allDevices(): LinuxDevice[] {
  return walk('/dev');
}

/** Numbers of a block device. Throws `not-found` and `invalid-argument`. */
export function blockDeviceOf(path: string): BlockDevice {
  try {
    const status = statSync(path, {bigint: true});
    return {major: major(status.rdev), minor: minor(status.rdev)};
  } catch (error) {
    throw new EngineError('unknown', `failed to get device ${path}: no such file or directory`, {cause: error});
  }
}

function resolve(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw unusable(path, 'no such file or directory', error);
  }
}

function unusable(path: string, why: string, cause?: unknown): EngineError {
  const message = `error gathering device information while adding custom device ${JSON.stringify(path)}: ${why}`;
  return new EngineError('unknown', message, {cause});
}

function isDirectory(path: string): boolean {
  return lstatSync(path).isDirectory();
}

function walk(directory: string): LinuxDevice[] {
  return readdirSync(directory, {withFileTypes: true})
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return skippedDirectories.includes(entry.name) ? [] : walk(path);
      if (skippedFiles.includes(entry.name)) return [];
      const device = readDevice(path, path);
      return device ? [device] : [];
    });
}

/** Undefined for anything but a device. It may vanish while we look. */
function readDevice(path: string, pathInContainer: string): LinuxDevice | undefined {
  const status = lstatSync(path, {bigint: true, throwIfNoEntry: false});
  if (!status?.isCharacterDevice() && !status?.isBlockDevice()) return undefined;
  return {
    path: pathInContainer,
    type: status.isBlockDevice() ? 'b' : 'c',
    major: major(status.rdev),
    minor: minor(status.rdev),
    fileMode: Number(status.mode) & 0o777,
    uid: Number(status.uid),
    gid: Number(status.gid),
  };
}

function ruleFor(device: LinuxDevice, permissions: string): LinuxDeviceCgroup {
  return {
    allow: true,
    type: device.type as 'b' | 'c',
    major: device.major as number,
    minor: device.minor as number,
    access: permissions || 'rwm',
  };
}
