import test from 'ava';
import {EngineMetrics} from './engine-metrics.ts';
import {MetricRegistry} from './registry.ts';

test('the text format: help, type, labels with escapes, cumulative buckets', t => {
  const registry = new MetricRegistry();
  registry.counter('b_total', 'Counts b').add({what: 'a "quoted"\nline\\'}, 2);
  const histogram = registry.histogram('a_seconds', 'Times a');
  for (const seconds of [0.001, 0.02, 60]) histogram.observe({action: 'x'}, seconds);
  registry.counter('unused_total', 'Never shown');
  const lines = registry.text().split('\n');
  t.deepEqual(lines.slice(0, 5), [
    '# HELP a_seconds Times a',
    '# TYPE a_seconds histogram',
    'a_seconds_bucket{action="x",le="0.005"} 1',
    'a_seconds_bucket{action="x",le="0.01"} 1',
    'a_seconds_bucket{action="x",le="0.025"} 2',
  ]);
  t.deepEqual(lines.slice(12, 16), [
    'a_seconds_bucket{action="x",le="10"} 2',
    'a_seconds_bucket{action="x",le="+Inf"} 3',
    'a_seconds_sum{action="x"} 60.021',
    'a_seconds_count{action="x"} 3',
  ]);
  t.is(lines.at(-2), String.raw`b_total{what="a \"quoted\"\nline\\"} 2`);
  t.false(registry.text().includes('unused_total'));
});

test("Docker's names are there from the start, and jobs are counted under them", t => {
  const metrics = new EngineMetrics();
  metrics.watch({
    facts: {
      ...{version: '28', commit: 'abc', architecture: 'x86_64', graphDriver: 'overlayfs', kernel: '6', os: 'Debian'},
      ...{osVersion: '12', osType: 'linux', daemonId: 'id', cpus: 2, memoryBytes: 1024},
    },
    containers: () => ({total: 3, running: 2, paused: 0, stopped: 1}),
    eventSubscribers: () => 4,
    runningJobs: () => 1,
  });
  metrics.jobEnded('start', 0.3, 'ok');
  metrics.jobEnded('start', 0.3, 'conflict');
  metrics.eventPublished();
  const text = metrics.registry.text();
  for (const line of [
    'engine_daemon_container_states_containers{state="running"} 2',
    'engine_daemon_container_actions_seconds_count{action="start"} 2',
    'engine_daemon_container_actions_seconds_count{action="changes"} 1',
    'engine_daemon_network_actions_seconds_count{action="allocate"} 1',
    'engine_daemon_job_seconds_count{job="start",status="conflict"} 1',
    'engine_daemon_events_total 1',
    'engine_daemon_events_subscribers_total 4',
    'engine_daemon_health_checks_failed_total 0',
    'engine_daemon_engine_cpus_cpus 2',
    'engine_daemon_engine_info{architecture="x86_64",commit="abc",daemon_id="id",graphdriver="overlayfs",kernel="6",os="Debian",os_type="linux",os_version="12",version="28"} 1',
  ]) {
    t.true(text.includes(`\n${line}\n`), line);
  }
});
