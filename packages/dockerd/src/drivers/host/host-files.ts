/** The host's file system and kernel, as containers need them. */
import {execFile} from 'node:child_process';
import {existsSync, globSync, readlinkSync} from 'node:fs';
import {chown, mkdir, rm, stat, writeFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import {dirname} from 'node:path';
import {promisify} from 'node:util';
import {EngineError} from '@longshore/errdefs';
import {
  isMountPoint,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  mount,
  readKernelFile,
  readMountInfo,
  umount,
} from '@longshore/linux';
import {parseCapabilityMask} from '../../core/containers/spec/capabilities.ts';
import type {HostFiles, PathKind} from '../../core/ports/host-files.ts';
import type {Owner} from '../../core/users/remapping.ts';
import {allDevices, blockDeviceOf, devicesOf} from './devices.ts';
import {allowRealtime} from './realtime-cgroups.ts';
import {makeDirectoryInside, openDirectoryInside, readUserDatabase, replaceLinkByDirectory} from './rootfs-files.ts';

const run = promisify(execFile);

export class LinuxHostFiles implements HostFiles {
  readonly #owner: Owner | undefined;
  #capabilities: string[] | undefined;
  #extraMasked: string[] | undefined;

  /** What is made here is the root's of remapped containers, `owner`. */
  constructor(owner: Owner | undefined) {
    this.#owner = owner;
  }

  hostname(): string {
    return hostname();
  }

  capabilities(): string[] {
    this.#capabilities ??= parseCapabilityMask(
      /^CapBnd:\s*([0-9a-f]+)$/m.exec(readKernelFile('/proc/self/status'))?.[1] ?? '0',
    );
    return this.#capabilities;
  }

  ownOomScoreAdj(): number {
    return Number.parseInt(readKernelFile('/proc/self/oom_score_adj'), 10);
  }

  async pathKind(path: string): Promise<PathKind> {
    try {
      const found = await stat(path);
      return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'other';
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  async makeDirectory(path: string): Promise<void> {
    const first = await mkdir(path, {recursive: true, mode: 0o755});
    if (first === undefined || !this.#owner) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await this.#give(made);
  }

  async #give(path: string): Promise<void> {
    if (this.#owner) await chown(path, this.#owner.uid, this.#owner.gid);
  }

  devices(pathOnHost: string, pathInContainer: string, permissions: string) {
    return devicesOf(pathOnHost, pathInContainer, permissions);
  }

  allDevices() {
    return allDevices();
  }

  allowRealtime(cgroup: string, period: number, runtime: number): void {
    allowRealtime(cgroup, period, runtime);
  }

  blockDevice(path: string) {
    return blockDeviceOf(path);
  }

  readUserDatabase(rootfs: string) {
    return readUserDatabase(rootfs);
  }

  makeDirectoryInside(rootfs: string, path: string, owner?: Owner): void {
    makeDirectoryInside(rootfs, path, owner);
  }

  replaceLinkByDirectory(rootfs: string, name: string, owner?: Owner): void {
    replaceLinkByDirectory(rootfs, name, owner);
  }

  pathInside(rootfs: string, path: string): string | undefined {
    return openDirectoryInside(rootfs, path, fd => readlinkSync(`/proc/self/fd/${fd}`));
  }

  async writeFile(path: string, content: string): Promise<void> {
    await writeFile(path, content, {mode: 0o644});
    await this.#give(path);
  }

  async mountShm(path: string, size: number): Promise<void> {
    const parent = dirname(path);
    if ((await mkdir(parent, {recursive: true, mode: 0o710})) !== undefined && this.#owner) {
      await chown(parent, 0, this.#owner.gid); // to be passed through
    }
    await mkdir(path, {recursive: true, mode: 0o700});
    if (isMountPoint(path)) return;
    mount('shm', path, 'tmpfs', MS_NOSUID | MS_NODEV | MS_NOEXEC, `mode=1777,size=${size}`);
    await this.#give(path);
  }

  async unmountShm(path: string): Promise<void> {
    if (existsSync(path) && isMountPoint(path)) umount(path);
    await rm(path, {recursive: false, force: true}).catch(() => {}); // an empty directory may stay
  }

  propagationOf(path: string) {
    const inside = ({mountPoint}: {mountPoint: string}) =>
      path === mountPoint || path.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`);
    const [found] = readMountInfo()
      .filter(inside)
      .sort((a, b) => b.mountPoint.length - a.mountPoint.length);
    const fields = found?.optionalFields ?? [];
    const propagation = fields.some(each => each.startsWith('shared:'))
      ? 'shared'
      : fields.some(each => each.startsWith('master:'))
        ? 'slave'
        : 'private';
    return {mountPoint: found?.mountPoint ?? '/', propagation} as const;
  }

  async listProcesses(args: readonly string[]): Promise<string> {
    try {
      return (await run('ps', args)).stdout;
    } catch (error) {
      const [complaint = ''] = ((error as {stderr?: string}).stderr ?? '').trim().split('\n');
      throw new EngineError('unknown', `ps: ${complaint || (error as Error).message}`, {cause: error});
    }
  }

  extraMaskedPaths(): string[] {
    this.#extraMasked ??= globSync('/sys/devices/system/cpu/cpu[0-9]*/thermal_throttle').sort();
    return this.#extraMasked;
  }
}
