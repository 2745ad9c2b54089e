/** Which controllers and limits this kernel offers, on cgroup v1 and v2. */
import {access, readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {readFileIfExists} from '@longshore/base';
import {statFs} from '@longshore/linux';
import type {CgroupFacts} from '../../core/system/host-facts.ts';

export const cgroupRoot = '/sys/fs/cgroup';

export async function loadCgroupFacts(): Promise<CgroupFacts> {
  return isUnified() ? loadV2() : loadV1();
}

/** True when /sys/fs/cgroup itself is cgroup v2. */
export function isUnified(): boolean {
  try {
    return statFs(cgroupRoot).type === 'cgroup2';
  } catch {
    return false; // no cgroup file system at all: treated as v1 without controllers
  }
}

async function loadV1(): Promise<CgroupFacts> {
  const mounts = parseV1Mounts(await readFile('/proc/self/mountinfo', 'utf8'));
  const has = (controller: string, file: string) => {
    const directory = mounts.get(controller);
    return directory === undefined ? Promise.resolve(false) : exists(join(directory, file));
  };
  const read = async (controller: string, file: string) => {
    const directory = mounts.get(controller);
    return directory ? ((await readFileIfExists(join(directory, file)))?.trim() ?? '') : '';
  };
  return {
    version: 1,
    memoryLimit: mounts.has('memory'),
    swapLimit: await has('memory', 'memory.memsw.limit_in_bytes'),
    memoryReservation: await has('memory', 'memory.soft_limit_in_bytes'),
    memorySwappiness: await has('memory', 'memory.swappiness'),
    oomKillDisable: await has('memory', 'memory.oom_control'),
    kernelMemory: await has('memory', 'memory.kmem.limit_in_bytes'),
    kernelMemoryTcp: await has('memory', 'memory.kmem.tcp.limit_in_bytes'),
    cpuShares: await has('cpu', 'cpu.shares'),
    cpuCfs: await has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: await has('cpu', 'cpu.rt_period_us'),
    cpuset: mounts.has('cpuset'),
    cpusetCpus: await read('cpuset', 'cpuset.cpus'),
    cpusetMems: await read('cpuset', 'cpuset.mems'),
    pids: mounts.has('pids'),
    blkioWeight: await has('blkio', 'blkio.weight'),
    blkioWeightDevice: await has('blkio', 'blkio.weight_device'),
    blkioReadBps: await has('blkio', 'blkio.throttle.read_bps_device'),
    blkioWriteBps: await has('blkio', 'blkio.throttle.write_bps_device'),
    blkioReadIops: await has('blkio', 'blkio.throttle.read_iops_device'),
    blkioWriteIops: await has('blkio', 'blkio.throttle.write_iops_device'),
  };
}

async function loadV2(): Promise<CgroupFacts> {
  const controllers = new Set((await readFile(join(cgroupRoot, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/));
  const memory = controllers.has('memory');
  const cpu = controllers.has('cpu');
  const io = controllers.has('io');
  const cpuset = controllers.has('cpuset');
  const read = async (file: string) => (await readFileIfExists(join(cgroupRoot, file)))?.trim() ?? '';
  return {
    version: 2,
    memoryLimit: memory,
    swapLimit: memory && (await anyGroupHas('memory.swap.max')),
    memoryReservation: memory,
    memorySwappiness: false,
    oomKillDisable: false,
    kernelMemory: false,
    kernelMemoryTcp: false,
    cpuShares: cpu,
    cpuCfs: cpu,
    cpuRealtime: false,
    cpuset,
    cpusetCpus: cpuset ? await read('cpuset.cpus.effective') : '',
    cpusetMems: cpuset ? await read('cpuset.mems.effective') : '',
    pids: controllers.has('pids'),
    blkioWeight: io,
    blkioWeightDevice: io,
    blkioReadBps: io,
    blkioWriteBps: io,
    blkioReadIops: io,
    blkioWriteIops: io,
  };
}

/** Mount point of each v1 controller: the super options of a cgroup mount name it. */
export function parseV1Mounts(mountInfo: string): Map<string, string> {
  const mounts = new Map<string, string>();
  for (const line of mountInfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ', 2);
    const [type, , options = ''] = right.split(' ');
    const mountPoint = left.split(' ')[4];
    if (type !== 'cgroup' || !mountPoint) continue;
    for (const controller of options.split(',')) if (!mounts.has(controller)) mounts.set(controller, mountPoint);
  }
  return mounts;
}

/** The root group of v2 has no limit files of its own: one below it shows what the kernel offers. */
async function anyGroupHas(file: string): Promise<boolean> {
  for (const entry of await readdir(cgroupRoot, {withFileTypes: true})) {
    if (entry.isDirectory() && (await exists(join(cgroupRoot, entry.name, file)))) return true;
  }
  return false;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
