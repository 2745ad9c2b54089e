/** A container's cgroup as containerd's metrics message. Loaded with the first Stats call. */
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {EngineError} from '@longshore/errdefs';
import type {Container} from './container.ts';

/** Throws not-found when the cgroup is gone, as after the container's end. */
export function containerStats(container: Container): Any {
  const cgroup = container.cgroup();
  if (!cgroup?.exists()) throw new EngineError('not-found', 'cgroup does not exist: not found');
  const statistics = cgroup.statistics();
  if (statistics.version === 2) {
    const {version: _, ...metrics} = statistics;
    return any(protobufTypeUrl.cgroupsV2Metrics, MetricsV2.encode(MetricsV2.fromPartial(metrics)));
  }
  const {version: _, ...metrics} = statistics;
  return any(protobufTypeUrl.cgroupsV1Metrics, MetricsV1.encode(MetricsV1.fromPartial(metrics)));
}

function any(typeUrl: string, message: {finish(): Uint8Array}): Any {
  return {typeUrl, value: Buffer.from(message.finish())};
}
