/** Cgroup statistics of running tasks under containerd's names, for both versions of cgroups. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import type {TypedValue} from '../../core/metadata/records.ts';
import type {Family, Sample} from '../../core/metrics/families.ts';
import {metricsOfV1} from './cgroup-v1.ts';
import {metricsOfV2} from './cgroup-v2.ts';

/** One number of one container. */
export interface ContainerMetric {
  readonly name: string;
  readonly help: string;
  readonly value: bigint;
  readonly labels?: {readonly [name: string]: string};
}

export interface ContainerStatistics {
  readonly namespace: string;
  readonly id: string;
  readonly runtime: string;
  readonly data: TypedValue | undefined;
}

export function containerFamilies(statistics: readonly ContainerStatistics[]): Family[] {
  const families = new Map<string, Family & {samples: Sample[]}>();
  for (const {namespace, id, runtime, data} of statistics) {
    for (const {name, help, value, labels = {}} of decode(data)) {
      const family = families.get(name) ?? {name, help, type: 'gauge', samples: []};
      family.samples.push({labels: {container_id: id, ...labels, namespace, runtime}, value});
      families.set(name, family);
    }
  }
  return [...families.values()];
}

/** Shims of sandboxes that are no cgroups tell something else; that has no names. */
function decode(data: TypedValue | undefined): ContainerMetric[] {
  if (data?.typeUrl.endsWith(protobufTypeUrl.cgroupsV1Metrics)) return metricsOfV1(MetricsV1.decode(data.value));
  if (data?.typeUrl.endsWith(protobufTypeUrl.cgroupsV2Metrics)) return metricsOfV2(MetricsV2.decode(data.value));
  return [];
}
