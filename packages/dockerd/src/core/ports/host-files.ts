/** What containers need of the host's file system and kernel. */
import type {LinuxDevice, LinuxDeviceCgroup} from '@longshore/api/oci';
import type {BlockDevice} from '../containers/spec/resources.ts';
import type {UserDatabase} from '../containers/spec/user.ts';
import type {Owner} from '../users/remapping.ts';

export type PathKind = 'file' | 'directory' | 'other' | undefined;

export interface HostFiles {
  hostname(): string;
  /** Likeliness of this daemon to be killed for want of memory (`oom_score_adj`). */
  ownOomScoreAdj(): number;
  /** Capabilities that the daemon itself may grant. */
  capabilities(): string[];
  /** What is at a path, links followed; undefined for nothing. */
  pathKind(path: string): Promise<PathKind>;
  makeDirectory(path: string): Promise<void>;
  /** Makes a device of the host, or every device below a directory of it, available in a container. */
  devices(
    pathOnHost: string,
    pathInContainer: string,
    permissions: string,
  ): {devices: LinuxDevice[]; rules: LinuxDeviceCgroup[]};
  /** Every device of the host, for a privileged container. */
  allDevices(): LinuxDevice[];
  /** Gives a cgroup (version 1) and all above it a share of the CPUs for real-time tasks, in microseconds. */
  allowRealtime(cgroup: string, period: number, runtime: number): void;
  /** Throws when the path is no block device. */
  blockDevice(path: string): BlockDevice;
  /** /etc/passwd and /etc/group of a mounted rootfs. Never follows a link out of it; large files are an error. */
  readUserDatabase(rootfs: string): UserDatabase;
  /** Makes a directory inside a rootfs, with its parents, all of them `owner`'s. Throws `Cannot mkdir: /x is not a directory`. */
  makeDirectoryInside(rootfs: string, path: string, owner?: Owner): void;
  /** A link at `/name` of a rootfs gives way to a directory; anything else stays. */
  replaceLinkByDirectory(rootfs: string, name: string, owner?: Owner): void;
  /** Host path of a directory inside a rootfs, links resolved within it; undefined when there is none. */
  pathInside(rootfs: string, path: string): string | undefined;
  writeFile(path: string, content: string): Promise<void>;
  /** A /dev/shm outside of a container, for `--ipc shareable`. */
  mountShm(path: string, size: number): Promise<void>;
  unmountShm(path: string): Promise<void>;
  /** Propagation of the mount that a path is on: `shared`, `slave` or `private`. */
  propagationOf(path: string): {mountPoint: string; propagation: 'shared' | 'slave' | 'private'};
  /** Output of ps with these arguments. Throws `ps: …` with its complaint. */
  listProcesses(args: readonly string[]): Promise<string>;
  /** Paths of this machine that containers must not read besides Docker's list. */
  extraMaskedPaths(): string[];
}
