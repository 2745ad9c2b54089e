/** The composition root: opens everything in order, serves, and closes it in reverse. */
import {join} from 'node:path';
import {backgroundContext, Scope, Tracer} from '@longshore/base';
import {openSpanExporter} from '@longshore/otlp';
import type {Config} from './config/config.ts';
import {ContainerCopier} from './core/containers/copy/copy.ts';
import {containerEndpoints, countContainers, imageUsers} from './core/containers/service.ts';
import {EventBus} from './core/events/event-bus.ts';
import {JobRunner} from './core/jobs/job-runner.ts';
import {EngineMetrics} from './core/metrics/engine-metrics.ts';
import {withNetworkJobs} from './core/networks/jobs.ts';
import {apiWarnings} from './core/system/api-warnings.ts';
import {checkHost} from './core/system/check-host.ts';
import type {HostFacts} from './core/system/host-facts.ts';
import {findExecutable} from './drivers/containerd/find-executable.ts';
import {connectContainerd} from './drivers/containerd/open.ts';
import {ComponentVersions} from './drivers/host/component-versions.ts';
import {loadHostFacts} from './drivers/host/host-facts.ts';
import {findPrograms} from './drivers/host/programs.ts';
import {rootlessFacts} from './drivers/host/rootless-facts.ts';
import {StateDump} from './drivers/host/state-dump.ts';
import {SystemInformation} from './drivers/host/system-information.ts';
import {notifySystemd} from './drivers/host/systemd.ts';
import {openCommitter} from './drivers/images/container-committer.ts';
import {checkAuthorizationPlugins, openAuthorizationPlugins} from './drivers/plugins/authorization-plugin.ts';
import {checkSizeLimit} from './drivers/rootfs/check-size-limit.ts';
import {chooseSnapshotter} from './drivers/rootfs/choose-snapshotter.ts';
import {loadEngineId} from './drivers/state-dir/directories.ts';
import {openStatistics} from './drivers/stats/containerd-statistics.ts';
import {LinuxContainerTrees} from './drivers/tree/container-trees.ts';
import {containerArchiveRoutes} from './http/containers/archive-routes.ts';
import {attachWebsocketRoute} from './http/containers/attach-websocket-route.ts';
import {checkpointRoutes} from './http/containers/checkpoint-routes.ts';
import {commitRoute} from './http/containers/commit-route.ts';
import {containerRoutes} from './http/containers/routes.ts';
import {statsRoute} from './http/containers/stats-route.ts';
import {containerStreamRoutes} from './http/containers/stream-routes.ts';
import {execRoutes} from './http/exec/routes.ts';
import {imageRoutes} from './http/images/routes.ts';
import {networkRoutes} from './http/networks/routes.ts';
import type {Route} from './http/route.ts';
import {apiHandler} from './http/server.ts';
import {diskUsageRoute} from './http/system/df-route.ts';
import {systemRoutes} from './http/system/routes.ts';
import {unavailableRoutes} from './http/unavailable-routes.ts';
import {volumeRoutes} from './http/volumes/routes.ts';
import {type Containers, openContainers} from './parts/containers.ts';
import {openImages} from './parts/images.ts';
import {networkConfig, openNetworks} from './parts/networks.ts';
import {openVolumes} from './parts/volumes.ts';
import {openWatching} from './parts/watching.ts';
import {reloadOnHangup} from './reload.ts';
import type {Started} from './start.ts';

/** How long a shutdown waits for running operations. */
const drainMs = 5_000;
/** How long its handlers may take after that. */
const shutdownHandlersMs = 10_000;

/** Runs until a signal ends it. Throws when it cannot start, or cannot go on. */
export async function runDaemon(started: Started): Promise<void> {
  const {config, environment, log, argv, stopSignal, listeners} = started;
  await using scope = new Scope(log);
  const exporter = await openSpanExporter(environment.telemetry, 'dockerd', log);
  if (exporter) scope.use(exporter, 'span exporter');
  const tracer = new Tracer('dockerd', exporter);
  const engine = await openEngine(started, scope, tracer);
  const {jobs, events, containers} = engine;
  const {notifySocket} = environment;
  const {engineId, facts} = engine;
  let plugins = openAuthorizationPlugins(config.authorizationPlugins);
  await checkAuthorizationPlugins(backgroundContext(log, config.containerdNamespace), plugins);
  const apply = async (next: Config) => {
    await engine.reconfigure(next);
    plugins = openAuthorizationPlugins(next.authorizationPlugins);
  };
  scope.use(
    reloadOnHangup({argv, rootless: environment.rootless, config, engineId, facts, apply, events, notifySocket, log}),
    'reload',
  );
  const {addresses} = listeners;
  await jobs.run('acceptconnections', {addresses}, async () => {
    const {experimental, corsHeader} = config;
    const {routes} = engine;
    listeners.serve(apiHandler({routes, jobs, log, experimental, corsHeader, tracer, plugins: () => plugins}));
    log.info({}, 'Daemon has completed initialization');
    for (const address of addresses) log.info({}, `API listen on ${address.replace(/^unix:\/\//, '')}`);
    notifySystemd(notifySocket, 'READY=1');
  });
  await jobs.run('serveapi', {addresses}, () => Promise.race([stopSignal, engine.lost]), {waits: true});
  notifySystemd(notifySocket, 'STOPPING=1');
  await jobs.drain(drainMs); // new requests are answered, with 503, for as long as containers are stopped
  await containers.shutDown();
  listeners.stopAccepting();
  await jobs.finish(shutdownHandlersMs);
}

interface Engine {
  /** Rejects when containerd is gone for good. */
  lost: Promise<never>;
  engineId: string;
  facts: HostFacts;
  /** Gives the values of a reload to all parts. */
  reconfigure(config: Config): Promise<void>;
  jobs: JobRunner;
  events: EventBus;
  containers: Containers;
  routes: Route[];
}

async function loadFacts({config, environment}: Started): Promise<HostFacts> {
  const host = await loadHostFacts();
  return config.rootless ? rootlessFacts(host, config, environment) : host;
}

/** containerd, then the parts of the core in the order in which they lean on each other. */
async function openEngine(started: Started, scope: Scope, tracer: Tracer): Promise<Engine> {
  const {config, environment, log, remapping} = started;
  const metrics = new EngineMetrics();
  const jobs = new JobRunner(log, config.containerdNamespace, (...end) => metrics.jobEnded(...end));
  const dump = scope.use(new StateDump(config.execRoot, () => jobs.running, log), 'state dump');
  const events = new EventBus(() => metrics.eventPublished());
  const ctx = backgroundContext(log, config.containerdNamespace);
  // containerd comes up meanwhile.
  const supervision = {isBusy: () => jobs.isBusy, quietMs: () => jobs.quietMs, nextRequest: () => jobs.nextJob()};
  const connecting = connectContainerd(started.containerd, supervision, log);
  connecting.catch(() => {}); // heard of below
  const [facts, programs, volumes] = await Promise.all([
    loadFacts(started),
    findPrograms(config, environment),
    openVolumes({root: join(config.dataRoot, 'volumes'), owner: remapping?.root, events, log}),
  ]);
  checkHost(config, facts, log);
  const engineId = await loadEngineId(config.dataRoot);
  const networks = scope.use(
    await jobs.run('init_networkdriver', {}, jobCtx =>
      openNetworks(jobCtx, {
        config: networkConfig(config, engineId),
        rootless: config.rootless ? environment.rootless : undefined,
        dataRoot: config.dataRoot,
        execRoot: config.execRoot,
        remapping,
        events,
        containers: () => containerEndpoints(containers.world),
        path: environment.path,
        findProxy: () =>
          findExecutable(config.userlandProxyPath || 'docker-proxy', environment.ownExecutable, environment.path),
      }),
    ),
    'networks',
  );
  const containerd = scope.use(await connecting, 'connection to containerd');
  const {client} = containerd;
  const snapshotter = await chooseSnapshotter(ctx, client, config.storageDriver, log);
  checkSizeLimit(config);
  const images = await openImages(ctx, {
    client,
    snapshotter,
    config,
    events,
    users: () => imageUsers(containers.world),
  });
  const parts = {images: images.images, networks: withNetworkJobs(networks.controller, jobs), volumes};
  const containers: Containers = scope.use(
    await openContainers(ctx, {
      client,
      snapshotter,
      config,
      remapping,
      facts,
      programs,
      events,
      metrics,
      log,
      ...parts,
    }),
    'containers',
  );
  await jobs.run('restore', {}, () => containers.restore());
  const {hosts, tls} = started.addresses;
  const system = new SystemInformation({
    engineId,
    isRemapped: remapping !== undefined,
    config,
    host: facts,
    containerdAddress: containerd.address,
    snapshotter,
    proxies: environment.proxies,
    events,
    jobs,
    metrics,
    apiWarnings: apiWarnings(hosts, tls),
    components: new ComponentVersions(client, programs, log),
    containerCounts: () => countContainers(containers.world),
    imageCount: () => images.images.count(ctx),
  });
  const watched = {config, engineId, world: containers.world, jobs, events, metrics, dump, tracer, client, log};
  const watching = scope.use(await openWatching(watched), 'metrics');
  const routes = [
    ...watching.routes,
    ...systemRoutes(system),
    diskUsageRoute({world: containers.world, images: images.images, volumes}),
    ...checkpointRoutes(containers.world),
    ...containerRoutes(containers.world),
    ...containerStreamRoutes(containers.world),
    ...containerArchiveRoutes(containers.world, new ContainerCopier(containers.world, new LinuxContainerTrees())),
    statsRoute(containers.world, openStatistics(containerd.client)),
    attachWebsocketRoute(containers.world),
    ...execRoutes(containers.world),
    commitRoute({
      world: containers.world,
      transfers: images.transfers,
      committer: openCommitter(containerd.client, images.snapshotter),
    }),
    ...imageRoutes(images),
    ...networkRoutes(networks),
    ...volumeRoutes(volumes),
    ...unavailableRoutes(),
  ];
  const reconfigure = async (next: Config) => {
    await containers.reconfigure(next);
    images.reconfigure(next);
    system.reconfigure(next);
  };
  return {lost: containerd.lost, engineId, facts, reconfigure, jobs, events, containers, routes};
}
