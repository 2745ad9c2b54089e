/** Counters of containers' control groups, straight from the kernel's files. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {isErrorCode} from '@longshore/errdefs';
import {type Cgroup, cgroupFromDirectories, cgroupOf} from '@longshore/linux';
import type {GroupMetrics} from '../../core/ports/statistics-source.ts';

/** Groups that nobody has asked about lately are forgotten when there are more than this. */
const maximumKnown = 1024;

type Known = {pid: number; cgroup: Cgroup | undefined};

export class KernelGroups {
  /** By container; finding a group costs more than reading it. */
  readonly #known = new Map<string, Known>();

  /**
   * Undefined where the container's group is not in this machine's files, as with runtimes that run a virtual machine,
   * or when it is gone.
   */
  read(containerId: string, pid: number): GroupMetrics | undefined {
    const cgroup = this.#find(containerId, pid);
    if (!cgroup?.exists()) return undefined;
    const statistics = cgroup.statistics('main');
    return statistics.version === 2
      ? {version: 2, metrics: MetricsV2.fromPartial(withoutVersion(statistics))}
      : {version: 1, metrics: MetricsV1.fromPartial(withoutVersion(statistics))};
  }

  #find(containerId: string, pid: number): Cgroup | undefined {
    const known = this.#known.get(containerId);
    if (known?.pid === pid) return known.cgroup;
    const cgroup = findGroup(containerId, pid);
    if (this.#known.size >= maximumKnown) this.#known.clear();
    this.#known.set(containerId, {pid, cgroup});
    return cgroup;
  }
}

/** Its process may be in a group of its own below the container's, which has the id in its name. */
function findGroup(containerId: string, pid: number): Cgroup | undefined {
  if (pid <= 0) return undefined;
  try {
    const directories = [...cgroupOf(pid).directories].flatMap(([hierarchy, directory]) => {
      const own = ownDirectory(directory, containerId);
      return own === undefined ? [] : [[hierarchy, own] as const];
    });
    return directories.length === 0 ? undefined : cgroupFromDirectories(Object.fromEntries(directories));
  } catch (error) {
    if (isErrorCode(error, 'not-found', 'unavailable')) return undefined;
    throw error;
  }
}

/** The part of the path that ends in the container's own group: `…/ID`, or `…/docker-ID.scope` with systemd. */
export function ownDirectory(directory: string, containerId: string): string | undefined {
  const at = directory.indexOf(containerId);
  if (at < 0) return undefined;
  const end = directory.indexOf('/', at);
  return end < 0 ? directory : directory.slice(0, end);
}

function withoutVersion<T extends {version: number}>({version: _version, ...rest}: T): Omit<T, 'version'> {
  return rest;
}
