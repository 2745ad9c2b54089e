/** Counters of containers' control groups, straight from the kernel's files. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {isErrorCode} from '@longshore/errdefs';
import {type Cgroup, cgroupFromDirectories, cgroupOf, KeptFiles} from '@longshore/linux';
import type {GroupMetrics} from '../../core/ports/statistics-source.ts';

/** Groups that nobody has asked about lately are forgotten when there are more than this. */
const maximumKnown = 1024;

/** Files of a group that is asked about every second stay open; so many milliseconds without a question close them. */
const keptMs = 5000;

type Known = {pid: number; cgroup: Cgroup | undefined; files: KeptFiles; readAt: number};

export class KernelGroups {
  /** By container; finding a group costs more than reading it. */
  readonly #known = new Map<string, Known>();
  #sweeper: NodeJS.Timeout | undefined;

  /**
   * Undefined where the container's group is not in this machine's files, as with runtimes that run a virtual machine,
   * or when it is gone.
   */
  read(containerId: string, pid: number): GroupMetrics | undefined {
    const known = this.#find(containerId, pid);
    const {cgroup, files} = known;
    if (!cgroup?.exists()) return undefined;
    known.readAt = performance.now();
    this.#sweeper ??= setInterval(() => this.#sweep(), keptMs).unref();
    const statistics = cgroup.statistics('main', files);
    return statistics.version === 2
      ? {version: 2, metrics: MetricsV2.fromPartial(withoutVersion(statistics))}
      : {version: 1, metrics: MetricsV1.fromPartial(withoutVersion(statistics))};
  }

  #find(containerId: string, pid: number): Known {
    const known = this.#known.get(containerId);
    if (known?.pid === pid) return known;
    known?.files[Symbol.dispose]();
    if (this.#known.size >= maximumKnown) this.#forgetAll();
    const found = {pid, cgroup: findGroup(containerId, pid), files: new KeptFiles(), readAt: 0};
    this.#known.set(containerId, found);
    return found;
  }

  #forgetAll(): void {
    for (const {files} of this.#known.values()) files[Symbol.dispose]();
    this.#known.clear();
  }

  #sweep(): void {
    const before = performance.now() - keptMs;
    for (const {files, readAt} of this.#known.values()) if (readAt < before) files[Symbol.dispose]();
    if ([...this.#known.values()].some(({files}) => files.count > 0)) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
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
