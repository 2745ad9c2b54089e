import {dirname} from 'node:path';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {isErrno, SystemCallError} from '../errors.ts';
import type {KeptFiles} from '../kept-files.ts';
import {readKernelFile, readKernelFileIfExists, writeKernelFile} from '../kernel-file.ts';
import {AT_REMOVEDIR, mkdirAt, unlinkAt} from '../nodes.ts';
import {AT_FDCWD} from '../open-at.ts';
import {exists, readingThrough, readPids, readTable, treeOf} from './files.ts';
import {cgroupPathsOf, controllerMounts, directoryIn, type Hierarchy, unified} from './hierarchy.ts';
import {signalTree} from './kill.ts';
import {type OomHandler, readOomKills, watchOom} from './oom-watch.ts';
import {type CgroupResources, updateV1, updateV2} from './resources.ts';
import {type CgroupStatisticsV1, type StatisticsExtent, statisticsV1} from './statistics-v1.ts';
import {type CgroupStatisticsV2, statisticsV2} from './statistics-v2.ts';

/** The same path in every mounted hierarchy, whether or not it exists there. */
export function cgroupAt(path: string): Cgroup {
  const directories = new Map<Hierarchy, string>();
  for (const [name, mount] of controllerMounts()) directories.set(name, directoryIn(mount, path));
  return new Cgroup(directories);
}

/** The cgroup that a process is in. Throws not-found. */
export function cgroupOf(pid: number | 'self'): Cgroup {
  const mounts = controllerMounts();
  const directories = new Map<Hierarchy, string>();
  for (const [name, path] of cgroupPathsOf(pid)) {
    const mount = mounts.get(name);
    if (mount) directories.set(name, directoryIn(mount, path));
  }
  return new Cgroup(directories);
}

/** A cgroup by its directories, such as runc's `cgroup_paths`: hierarchy name → directory. */
export function cgroupFromDirectories(directories: Record<Hierarchy, string>): Cgroup {
  return new Cgroup(new Map(Object.entries(directories)));
}

export interface CgroupWait {
  /** Milliseconds until it is given up with deadline-exceeded. Default 10 s. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** One cgroup, in all hierarchies it has a directory in. Nothing is cached: the files are the truth. */
export class Cgroup {
  /** Hierarchy name → directory. */
  readonly directories: ReadonlyMap<Hierarchy, string>;
  /** 2 if the resource controllers are in the v2 hierarchy, 1 for v1 and hybrid. */
  readonly version: 1 | 2;

  constructor(directories: ReadonlyMap<Hierarchy, string>) {
    if (directories.size === 0) throw new EngineError('unavailable', 'no cgroup hierarchy is mounted');
    this.directories = directories;
    this.version = directories.size === 1 && directories.has(unified) ? 2 : 1;
  }

  exists(): boolean {
    return [...this.directories.values()].some(directory => exists(directory));
  }

  /** Makes the directories, with a cpuset that is not empty (v1) and the controllers passed on from above (v2). */
  create(): void {
    for (const [name, directory] of this.directories) {
      if (name === unified && this.version === 2) delegateControllers(directory);
      makeDirectories(directory);
      if (name === 'cpuset') inheritCpuset(directory);
    }
  }

  /** Moves a process in, in every hierarchy. */
  addProcess(pid: number): void {
    for (const directory of new Set(this.directories.values()))
      writeKernelFile(`${directory}/cgroup.procs`, String(pid));
  }

  /** Pids directly in the cgroup. */
  processes(): number[] {
    return readPids(this.#main);
  }

  /** Pids in the cgroup and all below it. */
  allProcesses(): number[] {
    return [...new Set(treeOf(this.#main).flatMap(readPids))];
  }

  /** Stops all processes, and resolves when they stand still. */
  async freeze(wait: CgroupWait = {}): Promise<void> {
    await this.#setFrozen(true, wait);
  }

  async thaw(wait: CgroupWait = {}): Promise<void> {
    await this.#setFrozen(false, wait);
  }

  /** True if the cgroup itself was frozen and has come to a stand-still. */
  isFrozen(): boolean {
    const directory = this.#freezer;
    if (directory === undefined) return false;
    if (this.version === 2) return readTable(directory, 'cgroup.events').get('frozen') === 1n;
    return readKernelFileIfExists(`${directory}/freezer.state`)?.trim() === 'FROZEN';
  }

  /**
   * Ends every process in the cgroup and below with SIGKILL, frozen ones too, those forked meanwhile included, and
   * resolves when none is left.
   */
  async killAll(wait: CgroupWait = {}): Promise<void> {
    await poll('end the processes of', this.#main, wait, () => {
      const left = signalTree(this.#main, 'SIGKILL');
      if (left && this.version === 1) this.#thawForSignal();
      return !left;
    });
  }

  /** Sends a signal to every process in the cgroup and below, once. */
  signalAll(signal: string | number): void {
    signalTree(this.#main, signal);
  }

  /** A frozen v1 cgroup does not even let its processes die. */
  #thawForSignal(): void {
    const freezer = this.directories.get('freezer');
    if (freezer !== undefined && exists(`${freezer}/freezer.state`))
      writeKernelFile(`${freezer}/freezer.state`, 'THAWED');
  }

  /** Removes the cgroup and those below it, deepest first; waits while processes are still leaving (EBUSY). */
  async remove(wait: CgroupWait = {}): Promise<void> {
    // Most have nothing below them: looking would take longer than removing.
    for (const directory of new Set(this.directories.values()))
      await poll('remove cgroup', directory, wait, () => {
        return removeDirectory(directory) || treeOf(directory).every(removeDirectory);
      });
  }

  /**
   * What the controllers count, in the shape of containerd's metrics. Controllers that are not there are absent. `main`
   * leaves out what few look at and many files tell: swap, kernel memory, huge pages, pressure. Who asks again and again
   * gives `files`, which then stay open.
   */
  statistics(extent: StatisticsExtent = 'all', files?: KeptFiles): CgroupStatisticsV1 | CgroupStatisticsV2 {
    return files ? readingThrough(files, () => this.#statistics(extent)) : this.#statistics(extent);
  }

  #statistics(extent: StatisticsExtent): CgroupStatisticsV1 | CgroupStatisticsV2 {
    return this.version === 2 ? statisticsV2(this.#main, extent) : statisticsV1(this.directories, extent);
  }

  /** Changes limits; those not given stay. Throws unimplemented if a needed controller is missing. */
  update(resources: CgroupResources): void {
    if (this.version === 2) updateV2(this.#main, resources);
    else updateV1(this.directories, resources);
  }

  /** Calls `onOom` each time the memory limit makes the kernel kill something. Does not keep the process running. */
  watchOom(onOom: OomHandler): Disposable {
    return watchOom(this.version, this.#memory, onOom);
  }

  /** Processes killed for want of memory so far; undefined if the kernel does not count them or the cgroup is gone. */
  oomKills(): bigint | undefined {
    return readOomKills(this.version, this.#memory);
  }

  get #memory(): string | undefined {
    return this.directories.get(this.version === 2 ? unified : 'memory');
  }

  /** The hierarchy whose membership counts: every process is in all of them, yet not all need have been created. */
  get #main(): string {
    const order = ['memory', 'pids', 'devices', 'freezer', 'cpu', 'name=systemd'];
    if (this.version === 2) return this.directories.get(unified)!;
    const present = order.map(name => this.directories.get(name)).find(directory => directory && exists(directory));
    return present ?? [...this.directories.values()][0]!;
  }

  get #freezer(): string | undefined {
    return this.directories.get(this.version === 2 ? unified : 'freezer');
  }

  async #setFrozen(frozen: boolean, wait: CgroupWait): Promise<void> {
    const directory = this.#freezer;
    if (directory === undefined) throw new EngineError('unimplemented', 'the freezer cgroup controller is not mounted');
    await poll(frozen ? 'freeze cgroup' : 'thaw cgroup', directory, wait, () => {
      // Written again each time: a v1 freeze that races with fork may stay at FREEZING until it is asked again.
      if (this.version === 2) writeKernelFile(`${directory}/cgroup.freeze`, frozen ? '1' : '0');
      else writeKernelFile(`${directory}/freezer.state`, frozen ? 'FROZEN' : 'THAWED');
      if (this.version === 2) return readTable(directory, 'cgroup.events').get('frozen') === (frozen ? 1n : 0n);
      return readKernelFile(`${directory}/freezer.state`).trim() === (frozen ? 'FROZEN' : 'THAWED');
    });
  }
}

/** Tries until `done`, at growing intervals: none of these states has an event of its own in v1. */
async function poll(action: string, directory: string, wait: CgroupWait, done: () => boolean): Promise<void> {
  const deadline = performance.now() + (wait.timeoutMs ?? 10_000);
  for (let pause = 1; !done(); pause = Math.min(pause * 2, 100)) {
    if (performance.now() > deadline)
      throw new EngineError('deadline-exceeded', `cannot ${action} "${directory}" in time`);
    await sleep(pause, wait.signal);
  }
}

function makeDirectories(directory: string): void {
  if (exists(directory)) return;
  makeDirectories(dirname(directory));
  try {
    mkdirAt(AT_FDCWD, directory, 0o755);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error; // another process was faster
  }
}

/** False if it is still in use. */
function removeDirectory(directory: string): boolean {
  try {
    unlinkAt(AT_FDCWD, directory, AT_REMOVEDIR);
  } catch (error) {
    if (isErrno(error, 'EBUSY')) return false;
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  return true;
}

/** A new v1 cpuset has neither processors nor memory nodes, and then takes no process: copied from the parents down. */
function inheritCpuset(directory: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = readKernelFileIfExists(`${directory}/${file}`);
    if (own === undefined || own.trim() !== '') continue;
    inheritCpuset(dirname(directory));
    writeKernelFile(`${directory}/${file}`, readKernelFile(`${dirname(directory)}/${file}`));
  }
}

/** Each level of v2 must hand its controllers to its children: from the top of the hierarchy down to the parent. */
function delegateControllers(directory: string): void {
  for (const parent of parentsOf(directory)) {
    makeDirectories(parent);
    const available = (readKernelFileIfExists(`${parent}/cgroup.controllers`) ?? '').split(/\s+/).filter(Boolean);
    for (const controller of available) {
      try {
        writeKernelFile(`${parent}/cgroup.subtree_control`, `+${controller}`);
      } catch (error) {
        // A level with processes of its own cannot pass on some of them (EBUSY): limits will say what is missing.
        if (!(error instanceof SystemCallError)) throw error;
      }
    }
  }
}

/** The cgroups above, from the top of the hierarchy (whose own parent is no cgroup) down. */
function parentsOf(directory: string): string[] {
  const parents: string[] = [];
  for (let at = dirname(directory); at !== '/'; at = dirname(at)) {
    parents.unshift(at);
    if (exists(`${at}/cgroup.procs`) && !exists(`${dirname(at)}/cgroup.procs`)) break;
  }
  return parents;
}
