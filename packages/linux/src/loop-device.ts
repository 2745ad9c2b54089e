/** Files as block devices. Numbers and structures are those of <linux/loop.h>; LOOP_CONFIGURE is Linux 5.8. */
import {Buffer} from 'node:buffer';
import {Errno} from './errno-names.ts';
import {check, isErrno, SystemCallError} from './errors.ts';
import {closeFd, O_CLOEXEC, O_RDONLY, O_RDWR} from './fd.ts';
import {ioctl} from './ioctl.ts';
import {errno} from './libc.ts';
import {AT_FDCWD, openAt} from './open-at.ts';

const LOOP_CLR_FD = 0x4c01;
const LOOP_SET_STATUS64 = 0x4c04;
const LOOP_GET_STATUS64 = 0x4c05;
const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;

const infoSize = 232;
const flagsOffset = 52;
const nameOffset = 56;
const nameSize = 64;
/** struct loop_config: file, block size, loop_info64, reserved. */
const configSize = 304;
const configInfoOffset = 8;

export interface LoopOptions {
  readOnly?: boolean;
  /** Marks the device (63 bytes at most), so that `isLoopDevice` knows it again; the file's path if absent. */
  name?: string;
}

/** A device that is let go of when its last user has closed it, this one included. */
export interface LoopDevice extends Disposable {
  readonly path: string;
  /** From now on it stays until `detachLoop`, whoever closes it. */
  keep(): void;
}

/** Makes a loop device of a file or another device. Others may be at it at the same time. */
export function attachLoop(file: string, {readOnly = false, name = file}: LoopOptions = {}): LoopDevice {
  const access = readOnly ? O_RDONLY : O_RDWR;
  const backing = openAt(AT_FDCWD, file, access | O_CLOEXEC);
  try {
    const config = Buffer.alloc(configSize);
    config.writeUInt32LE(backing, 0);
    const flags = LO_FLAGS_AUTOCLEAR | (readOnly ? LO_FLAGS_READ_ONLY : 0);
    config.writeUInt32LE(flags, configInfoOffset + flagsOffset);
    nameBytes(name).copy(config, configInfoOffset + nameOffset);
    for (;;) {
      const path = `/dev/loop${freeNumber()}`;
      const fd = openAt(AT_FDCWD, path, access | O_CLOEXEC);
      if (ioctl(fd, LOOP_CONFIGURE, config) !== -1) return deviceOf(path, fd);
      const failed = new SystemCallError('attach loop device to', errno(), file);
      closeFd(fd);
      if (failed.errno !== Errno.EBUSY) throw failed; // somebody else was faster
    }
  } finally {
    closeFd(backing);
  }
}

/** Whether `path` is a loop device in use that was made with this name. */
export function isLoopDevice(path: string, name: string): boolean {
  return withDevice(
    path,
    fd => {
      const info = loopInfo(fd, path);
      return info?.subarray(nameOffset, nameOffset + nameSize).equals(nameBytes(name)) ?? false;
    },
    false,
  );
}

/** Lets go of a device that was made with this name; one that is still in use goes with its last user. */
export function detachLoop(path: string, name: string): void {
  withDevice(
    path,
    fd => {
      const info = loopInfo(fd, path);
      if (!info?.subarray(nameOffset, nameOffset + nameSize).equals(nameBytes(name))) return;
      if (ioctl(fd, LOOP_CLR_FD, null) === -1 && errno() !== Errno.ENXIO) {
        throw new SystemCallError('detach loop device', errno(), path);
      }
    },
    undefined,
  );
}

function freeNumber(): number {
  const control = openAt(AT_FDCWD, '/dev/loop-control', O_RDWR | O_CLOEXEC);
  try {
    return check('find a free loop device', undefined, ioctl(control, LOOP_CTL_GET_FREE, null));
  } finally {
    closeFd(control);
  }
}

function deviceOf(path: string, fd: number): LoopDevice {
  return {
    path,
    keep() {
      const info = loopInfo(fd, path);
      if (!info) throw new SystemCallError('keep loop device', Errno.ENXIO, path);
      info.writeUInt32LE(info.readUInt32LE(flagsOffset) & ~LO_FLAGS_AUTOCLEAR, flagsOffset);
      check('keep loop device', path, ioctl(fd, LOOP_SET_STATUS64, info));
    },
    [Symbol.dispose]() {
      closeFd(fd);
    },
  };
}

/** Undefined for a device without a file. */
function loopInfo(fd: number, path: string): Buffer | undefined {
  const info = Buffer.alloc(infoSize);
  if (ioctl(fd, LOOP_GET_STATUS64, info) !== -1) return info;
  if (errno() === Errno.ENXIO) return undefined;
  throw new SystemCallError('ask for the state of', errno(), path);
}

/** The kernel cuts names off, so that a NUL is at their end. */
function nameBytes(name: string): Buffer {
  const bytes = Buffer.alloc(nameSize);
  Buffer.from(name).copy(bytes, 0, 0, nameSize - 1);
  return bytes;
}

function withDevice<Result>(path: string, use: (fd: number) => Result, absent: Result): Result {
  let fd: number;
  try {
    fd = openAt(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENXIO', 'ENODEV')) return absent;
    throw error;
  }
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}
