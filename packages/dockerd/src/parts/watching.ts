/** Composes what administrators watch the daemon with: metrics, jobs, the debug routes. */
import {join} from 'node:path';
import {engineVersion, gitCommit, type Logger, Scope, type Tracer} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import type {Config} from '../config/config.ts';
import {countContainers} from '../core/containers/service.ts';
import {hasProcess} from '../core/containers/state.ts';
import type {World} from '../core/containers/world.ts';
import type {EventBus} from '../core/events/event-bus.ts';
import type {JobRunner} from '../core/jobs/job-runner.ts';
import type {EngineMetrics} from '../core/metrics/engine-metrics.ts';
import {watchProcess} from '../core/metrics/process-metrics.ts';
import {listSpans} from '../drivers/containerd/remote-spans.ts';
import {readProcessUsage} from '../drivers/host/process-usage.ts';
import {cpuProfile, heapSnapshot} from '../drivers/host/profiler.ts';
import type {StateDump} from '../drivers/host/state-dump.ts';
import {debugRoutes} from '../http/debug/routes.ts';
import {serveMetricsAt, serveMetricsOn} from '../http/metrics-server.ts';
import type {Route} from '../http/route.ts';
import {jobsRoute} from '../http/system/jobs-route.ts';
import {tracesRoute} from '../http/system/traces-route.ts';

export interface WatchingOptions {
  config: Config;
  engineId: string;
  world: World;
  jobs: JobRunner;
  events: EventBus;
  metrics: EngineMetrics;
  dump: StateDump;
  tracer: Tracer;
  client: ContainerdClient;
  log: Logger;
}

export interface Watching extends AsyncDisposable {
  routes: Route[];
}

/** Throws when the metrics cannot be served at the configured address. */
export async function openWatching(options: WatchingOptions): Promise<Watching> {
  const {config, metrics, jobs, dump, log} = options;
  await using scope = new Scope(log);
  watchEngine(options);
  const text = () => metrics.registry.text();
  scope.use(await serveMetricsOn(join(config.execRoot, 'metrics.sock'), text), 'metrics socket');
  if (config.metricsAddr !== '') scope.use(await serveMetricsAt(config.metricsAddr, text), 'metrics');
  dump.add('containers', () => describeContainers(options.world));
  dump.add('event subscribers', () => [String(options.events.subscriberCount)]);
  const describe = () => dump.describe();
  const debug = config.debug ? debugRoutes({jobs, describe, cpuProfile, heapSnapshot}) : [];
  const owner = scope.release();
  const traces = tracesRoute(options.tracer, (ctx, id) => listSpans(ctx, options.client, id));
  return {routes: [jobsRoute(jobs), traces, ...debug], [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose]()};
}

function watchEngine({engineId, world, jobs, events, metrics}: WatchingOptions): void {
  const {facts} = world;
  metrics.watch({
    facts: {
      version: engineVersion,
      commit: gitCommit,
      architecture: facts.machine,
      graphDriver: world.snapshotter,
      kernel: facts.kernelVersion,
      os: facts.operatingSystem,
      osVersion: facts.osVersion,
      osType: 'linux',
      daemonId: engineId,
      cpus: facts.cpus,
      memoryBytes: facts.memoryBytes,
    },
    containers: () => countContainers(world),
    eventSubscribers: () => events.subscriberCount,
    runningJobs: () => jobs.running.length,
  });
  watchProcess(metrics.registry, readProcessUsage);
}

function describeContainers(world: World): string[] {
  return world.registry.all.map(container => {
    const {id, name, state, execs} = container;
    const pid = hasProcess(state) ? ` pid ${state.pid}` : '';
    return `${id} ${name} ${container.status}${pid} execs ${execs.size}`;
  });
}
