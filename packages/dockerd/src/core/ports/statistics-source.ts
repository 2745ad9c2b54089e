/** What the statistics of containers are made from. */
import type {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import type {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import type {CallContext} from '@longshore/base';

/** Counters of a container's control group, by the version of the hierarchy. */
export type GroupMetrics = {version: 1; metrics: MetricsV1} | {version: 2; metrics: MetricsV2};

/** Counters of one network interface, from the container's point of view. */
export interface InterfaceCounters {
  name: string;
  rxBytes: bigint;
  rxPackets: bigint;
  rxErrors: bigint;
  rxDropped: bigint;
  txBytes: bigint;
  txPackets: bigint;
  txErrors: bigint;
  txDropped: bigint;
}

/** Processor time of the whole machine since it was started. */
export interface SystemCpu {
  nanoseconds: bigint;
  online: number;
}

export interface StatisticsSource {
  /** `pid` is that of its first process. Undefined when the container has no process any more. */
  group(ctx: CallContext, containerId: string, pid: number): Promise<GroupMetrics | undefined>;
  /** Interfaces of a network namespace but the loopback, `pid` being in it; none when the namespace is gone. */
  interfaces(netnsPath: string, pid: number): InterfaceCounters[];
  system(): SystemCpu;
}
