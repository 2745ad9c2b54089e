import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {cgroupAt, writeKernelFile} from '@longshore/linux';

/**
 * Gives each cgroup on the way to `path` its share of real-time, from the top: a cgroup cannot have what its parent has
 * not. Microseconds; 0 leaves a value as it is. Throws what the kernel refuses.
 */
export function allowRealtime(path: string, period: number, runtime: number): void {
  const names = path.split('/').filter(Boolean);
  for (let depth = 1; depth <= names.length; depth++) {
    const directory = cgroupAt(`/${names.slice(0, depth).join('/')}`).directories.get('cpu');
    if (!directory) throw new EngineError('failed-precondition', 'there is no cgroup of version 1 with CPU control');
    mkdirSync(directory, {recursive: true});
    if (period !== 0) writeKernelFile(join(directory, 'cpu.rt_period_us'), String(period));
    if (runtime !== 0) writeKernelFile(join(directory, 'cpu.rt_runtime_us'), String(runtime));
  }
}
