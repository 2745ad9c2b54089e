/** What a runtime keeps about a container on disk, in one shape for runc's and crun's files. */
import type {Hook} from '@longshore/api/oci';

export interface ContainerRecord {
  /** Whose files these are: the handshake on exec.fifo differs. */
  format: 'runc' | 'crun';
  id: string;
  /** `<root>/<id>` */
  directory: string;
  ociVersion: string;
  bundle: string;
  rootfs: string;
  /** RFC 3339 with nanoseconds, as written at create. */
  created: string;
  annotations: Record<string, string>;
  /** First process; with its start time (clock ticks after boot) it is named for ever. 0: never had one. */
  pid: number;
  startTime: number;
  /** v1: controller → directory (`name=systemd`, and "" for the v2 tree of a hybrid host); v2: "" → directory. */
  cgroupPaths: Record<string, string>;
  systemdCgroup: boolean;
  /** False when the container shares a pid namespace: then the end of its first process ends no other. */
  ownPidNamespace: boolean;
  rootless: boolean;
  /** Only what is still to be run by the one who starts or deletes it. */
  poststartHooks: Hook[];
  poststopHooks: Hook[];
  intelRdtPath: string;
}

/** Name of the FIFO in the state directory that exists from create until start. */
export const execFifoName = 'exec.fifo';
