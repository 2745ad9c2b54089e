/** Counters of containers: control groups from containerd, interfaces and processor time from the kernel. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {type ContainerdClient, unpackAny} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {readKernelFile} from '@longshore/linux';
import type {StatisticsSource, SystemCpu} from '../../core/ports/statistics-source.ts';
import {InterfaceReader} from './interface-reader.ts';
import {KernelGroups} from './kernel-groups.ts';

export function openStatistics(client: ContainerdClient): StatisticsSource {
  const groups = new KernelGroups();
  const interfaces = new InterfaceReader();
  const system = new SystemReader();
  return {
    async group(ctx, containerId, pid) {
      // The kernel's files where they can be seen: a call through containerd to a shim costs twenty times as much.
      const own = groups.read(containerId, pid);
      if (own) return own;
      const {metrics} = await client.tasks.metrics(ctx, {filters: [`id==${containerId}`]});
      const data = metrics.find(({id}) => id === containerId)?.data;
      if (!data) return undefined;
      const v1 = unpackAny(data, protobufTypeUrl.cgroupsV1Metrics, MetricsV1);
      if (v1) return {version: 1, metrics: v1};
      const v2 = unpackAny(data, protobufTypeUrl.cgroupsV2Metrics, MetricsV2);
      if (v2) return {version: 2, metrics: v2};
      throw new EngineError('unimplemented', `statistics of type ${data.typeUrl} are not understood`);
    },
    interfaces: (netnsPath, pid) => interfaces.read(netnsPath, pid),
    system: () => system.read(),
  };
}

/** Samples of many containers within the same tick see the same time of the machine. */
const systemValidMs = 10;

class SystemReader {
  #last: SystemCpu = {nanoseconds: 0n, online: 0};
  #until = 0;

  read(): SystemCpu {
    const now = performance.now();
    if (now < this.#until) return this.#last;
    this.#until = now + systemValidMs;
    this.#last = parseSystemCpu(readKernelFile('/proc/stat'));
    return this.#last;
  }
}

/** /proc/stat counts in ticks of a hundredth of a second. */
const tickNs = 10_000_000n;

/** User, nice, system, idle, waiting, interrupts, soft interrupts: all the time that there was. */
export function parseSystemCpu(text: string): SystemCpu {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').slice(0, 7) ?? [];
  return {
    nanoseconds: fields.reduce((sum, ticks) => sum + BigInt(ticks), 0n) * tickNs,
    online: text.match(/^cpu\d+ /gm)?.length ?? 0,
  };
}
