/** Statistics of a task, cgroup v1 or v2, as rows of a table or as an object. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {type Any, unpackAny} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';

export function metricsObject(data: Any): MetricsV1 | MetricsV2 {
  const metrics =
    unpackAny(data, protobufTypeUrl.cgroupsV1Metrics, MetricsV1) ??
    unpackAny(data, protobufTypeUrl.cgroupsV2Metrics, MetricsV2);
  if (!metrics) throw new EngineError('unimplemented', `cannot show metrics of the type ${data.typeUrl}`);
  return metrics;
}

export function metricRows(data: Any): string[][] {
  const v1 = unpackAny(data, protobufTypeUrl.cgroupsV1Metrics, MetricsV1);
  if (v1) return rowsV1(v1);
  return rowsV2(metricsObject(data) as MetricsV2);
}

function rowsV1({memory, cpu, pids}: MetricsV1): string[][] {
  const rows: string[][] = [];
  if (memory?.usage) {
    rows.push(
      ['memory.usage_in_bytes', String(memory.usage.usage)],
      ['memory.limit_in_bytes', String(memory.usage.limit)],
    );
    rows.push(['memory.stat.cache', String(memory.totalCache)]);
  }
  if (cpu?.usage) {
    rows.push(['cpuacct.usage', String(cpu.usage.total)], ['cpuacct.usage_percpu', `[${cpu.usage.perCpu.join(' ')}]`]);
  }
  if (pids) rows.push(['pids.current', String(pids.current)], ['pids.limit', String(pids.limit)]);
  return rows;
}

function rowsV2({pids, cpu, memory}: MetricsV2): string[][] {
  const rows: string[][] = [];
  if (pids) rows.push(['pids.current', String(pids.current)], ['pids.limit', String(pids.limit)]);
  if (cpu) {
    const {usageUsec, userUsec, systemUsec, nrPeriods, nrThrottled, throttledUsec} = cpu;
    rows.push(['cpu.usage_usec', String(usageUsec)], ['cpu.user_usec', String(userUsec)]);
    rows.push(['cpu.system_usec', String(systemUsec)], ['cpu.nr_periods', String(nrPeriods)]);
    rows.push(['cpu.nr_throttled', String(nrThrottled)], ['cpu.throttled_usec', String(throttledUsec)]);
  }
  if (memory) {
    rows.push(['memory.usage', String(memory.usage)], ['memory.usage_limit', String(memory.usageLimit)]);
    rows.push(['memory.swap_usage', String(memory.swapUsage)], ['memory.swap_limit', String(memory.swapLimit)]);
  }
  return rows;
}
