import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {metricRows, metricsObject} from './metrics.ts';

const anyOf = (message: MetricsV2) => ({
  typeUrl: protobufTypeUrl.cgroupsV2Metrics,
  value: Buffer.from(MetricsV2.encode(message).finish()),
});

test('statistics of cgroup v2 have the names of the original', t => {
  const metrics = MetricsV2.fromPartial({
    pids: {current: 1n, limit: 2n},
    cpu: {usageUsec: 3n, userUsec: 4n, systemUsec: 5n, nrPeriods: 6n, nrThrottled: 7n, throttledUsec: 8n},
    memory: {usage: 9n, usageLimit: (1n << 64n) - 1n, swapUsage: 11n, swapLimit: 12n},
  });
  const data = anyOf(metrics);
  t.deepEqual(metricRows(data), [
    ['pids.current', '1'],
    ['pids.limit', '2'],
    ['cpu.usage_usec', '3'],
    ['cpu.user_usec', '4'],
    ['cpu.system_usec', '5'],
    ['cpu.nr_periods', '6'],
    ['cpu.nr_throttled', '7'],
    ['cpu.throttled_usec', '8'],
    ['memory.usage', '9'],
    ['memory.usage_limit', '18446744073709551615'],
    ['memory.swap_usage', '11'],
    ['memory.swap_limit', '12'],
  ]);
  t.deepEqual(metricsObject(data), metrics);
});

test('what a controller does not give has no rows, and another message is refused', t => {
  t.deepEqual(metricRows(anyOf(MetricsV2.fromPartial({pids: {current: 1n}}))), [
    ['pids.current', '1'],
    ['pids.limit', '0'],
  ]);
  t.is(codeOf(t.throws(() => metricRows({typeUrl: 'other', value: Buffer.alloc(0)}))), 'unimplemented');
});
