/** Limits on the size of directory trees, by project quotas of xfs and ext4: quotactl_fd(2), ioctl_xfs_fssetxattr(2). */
import {Buffer} from 'node:buffer';
import {Errno} from './errno-names.ts';
import {check, SystemCallError} from './errors.ts';
import {ioctl} from './ioctl.ts';
import {bind, errno, type Pointer} from './libc.ts';
import {withDirectory} from './open-at.ts';

const nativeQuotactl = bind<[number: number, fd: number, command: number, id: number, address: Pointer]>(
  'syscall',
  'long',
  'long',
  'uint',
  'uint',
  'uint',
  'void *',
);

/** Since Linux 5.14; the same number on all architectures. */
const SYS_quotactl_fd = 443;
const PRJQUOTA = 2;
const Q_GETQUOTA = 0x80_0007;
const Q_SETQUOTA = 0x80_0008;
/** struct if_dqblk: eight 64-bit numbers and a mask of those that are valid. */
const quotaSize = 72;
const hardLimitOffset = 0;
const spaceOffset = 16;
const validOffset = 64;
const QIF_BLIMITS = 1;
/** Limits are counted in blocks of this size, whatever the file system's are. */
const blockBytes = 1024n;

const FS_IOC_FSGETXATTR = 0x801c_581f;
const FS_IOC_FSSETXATTR = 0x401c_5820;
/** struct fsxattr: flags, extent size, number of extents, project. */
const attributesSize = 28;
const projectOffset = 12;
const FS_XFLAG_PROJINHERIT = 0x200;

export interface ProjectQuota {
  /** Bytes; 0 for no limit. */
  limit: bigint;
  /** Bytes in use. */
  used: bigint;
}

/**
 * Limits and use of a project on the file system of `directory`, or undefined if that keeps no project quotas (another
 * file system, not mounted with `prjquota`), the kernel is older than 5.14, or the caller may not ask.
 */
export function projectQuota(directory: string, project: number): ProjectQuota | undefined {
  return withDirectory(directory, fd => {
    const quota = Buffer.alloc(quotaSize);
    if (quotactl(fd, Q_GETQUOTA, project, quota) === 0) {
      return {limit: quota.readBigUInt64LE(hardLimitOffset) * blockBytes, used: quota.readBigUInt64LE(spaceOffset)};
    }
    const number = errno();
    if (unavailable.includes(number)) return undefined;
    // xfs has no record of a project that nothing was ever counted for.
    if (number === Errno.ENOENT) return {limit: 0n, used: 0n};
    throw new SystemCallError('get quota of', number, directory);
  });
}

/** EPERM: a user namespace, whose root has no say over the machine's file systems. */
const unavailable: readonly number[] = [
  Errno.ESRCH,
  Errno.ENOSYS,
  Errno.EOPNOTSUPP,
  Errno.ENOTTY,
  Errno.EINVAL,
  Errno.EPERM,
];

/** Sets the limit of a project in bytes, rounded up to 1024; 0 takes it away. */
export function limitProject(directory: string, project: number, limit: bigint): void {
  withDirectory(directory, fd => {
    const quota = Buffer.alloc(quotaSize);
    quota.writeBigUInt64LE((limit + blockBytes - 1n) / blockBytes, hardLimitOffset);
    quota.writeUInt32LE(QIF_BLIMITS, validOffset);
    check('set quota of', directory, quotactl(fd, Q_SETQUOTA, project, quota));
  });
}

/** The project that a directory belongs to; 0 is none. */
export function projectOf(directory: string): number {
  return withDirectory(directory, fd => attributesOf(fd, directory).readUInt32LE(projectOffset));
}

/** Puts a directory, and all that is made below it from now on, into a project. */
export function setProject(directory: string, project: number): void {
  withDirectory(directory, fd => {
    const attributes = attributesOf(fd, directory);
    attributes.writeUInt32LE((attributes.readUInt32LE(0) | FS_XFLAG_PROJINHERIT) >>> 0, 0);
    attributes.writeUInt32LE(project, projectOffset);
    check('set project of', directory, ioctl(fd, FS_IOC_FSSETXATTR, attributes));
  });
}

function attributesOf(fd: number, path: string): Buffer {
  const attributes = Buffer.alloc(attributesSize);
  check('get project of', path, ioctl(fd, FS_IOC_FSGETXATTR, attributes));
  return attributes;
}

function quotactl(fd: number, command: number, project: number, quota: Buffer): number {
  return nativeQuotactl(SYS_quotactl_fd, fd, ((command << 8) | PRJQUOTA) >>> 0, project, quota);
}
