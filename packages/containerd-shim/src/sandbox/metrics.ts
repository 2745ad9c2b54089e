/** What all containers of a sandbox use together, as containerd's metrics message of this machine's cgroups. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import type {Metric} from '@longshore/api/gen/containerd/types/metrics';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {realTime} from '@longshore/linux';
import type {Container} from '../container.ts';
import {timestamp} from '../timestamp.ts';

type Statistics = ReturnType<NonNullable<ReturnType<Container['cgroup']>>['statistics']>;

/** Undefined when no container has a cgroup now. Sums only: limits of containers have no meaning for the whole. */
export function sandboxMetrics(id: string, containers: Iterable<Container>): Metric | undefined {
  const all: Statistics[] = [];
  for (const container of containers) {
    const cgroup = container.cgroup();
    if (cgroup?.exists()) all.push(cgroup.statistics());
  }
  const data = sumOf(all);
  return data && {id, timestamp: timestamp(realTime()), data};
}

function sumOf(all: Statistics[]): Metric['data'] {
  const [first] = all;
  if (!first) return undefined;
  const sum = (pick: (statistics: Statistics) => bigint | undefined) =>
    all.reduce((total, statistics) => total + (pick(statistics) ?? 0n), 0n);
  const pids = {current: sum(({pids}) => pids?.current)};
  if (first.version === 2) {
    const metrics = MetricsV2.fromPartial({
      pids,
      cpu: {
        usageUsec: sum(s => (s.version === 2 ? s.cpu?.usageUsec : 0n)),
        userUsec: sum(s => (s.version === 2 ? s.cpu?.userUsec : 0n)),
        systemUsec: sum(s => (s.version === 2 ? s.cpu?.systemUsec : 0n)),
      },
      memory: {usage: sum(s => (s.version === 2 ? s.memory?.usage : 0n))},
    });
    return {typeUrl: protobufTypeUrl.cgroupsV2Metrics, value: Buffer.from(MetricsV2.encode(metrics).finish())};
  }
  const metrics = MetricsV1.fromPartial({
    pids,
    cpu: {
      usage: {
        total: sum(s => (s.version === 1 ? s.cpu?.usage?.total : 0n)),
        kernel: sum(s => (s.version === 1 ? s.cpu?.usage?.kernel : 0n)),
        user: sum(s => (s.version === 1 ? s.cpu?.usage?.user : 0n)),
      },
    },
    memory: {usage: {usage: sum(s => (s.version === 1 ? s.memory?.usage?.usage : 0n))}},
  });
  return {typeUrl: protobufTypeUrl.cgroupsV1Metrics, value: Buffer.from(MetricsV1.encode(metrics).finish())};
}
