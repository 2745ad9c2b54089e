/** The composition root: the only file that knows edge, core and drivers. Plain calls, in the order of start-up. */
import {mkdir} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import {backgroundContext, type Logger, Scope, Tracer} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {Config} from './config/config.ts';
import {Containers} from './core/containers/containers.ts';
import {Content} from './core/content/content.ts';
import {diffContent} from './core/content/diff-content.ts';
import type {Differ} from './core/diff/differ.ts';
import {EventExchange} from './core/events/exchange.ts';
import {collectGarbage} from './core/gc/collector.ts';
import {CollectionScheduler} from './core/gc/scheduler.ts';
import {Images} from './core/images/images.ts';
import {Leases} from './core/leases/leases.ts';
import {snapshotHooks} from './core/leases/snapshot-hooks.ts';
import {Mounts} from './core/mounts/mounts.ts';
import {Namespaces} from './core/namespaces/namespaces.ts';
import {SandboxController} from './core/sandboxes/controller.ts';
import {Sandboxes} from './core/sandboxes/sandboxes.ts';
import {Streams} from './core/streaming/streams.ts';
import type {Checkpoints} from './core/tasks/checkpoints.ts';
import {Tasks} from './core/tasks/tasks.ts';
import {CheckpointStore} from './drivers/checkpoints/checkpoint-store.ts';
import {readIdentity} from './drivers/host/identity.ts';
import {prepareProcess} from './drivers/host/prepare-process.ts';
import {lockRoot} from './drivers/host/root-lock.ts';
import {prepareSocketPath} from './drivers/host/socket-path.ts';
import {openMetadataStore, type SqlMetadataStore} from './drivers/metadata-db/metadata-store.ts';
import {openMountPlaces} from './drivers/mounts/mount-places.ts';
import {openContentFiles, openDiffers, openSandboxProxies} from './drivers/proxy/open-proxies.ts';
import {ShimSupervisor} from './drivers/shim/manager.ts';
import {RuntimeBinaries} from './drivers/shim/runtime-binary.ts';
import {readRuntimeInfo} from './drivers/shim/runtime-info.ts';
import {openSnapshotters, type Snapshotters} from './drivers/snapshotters.ts';
import {LocalImageMover} from './drivers/transfer/image-mover.ts';
import {openListeners} from './listeners.ts';
import {listPlugins, proxyPlugin} from './plugins.ts';
import {containersService} from './services/containers/service.ts';
import {contentService} from './services/content/service.ts';
import {diffService} from './services/diff/service.ts';
import {eventCodec} from './services/events/codec.ts';
import {eventsService, serveTtrpcEvents} from './services/events/service.ts';
import {healthService} from './services/health/service.ts';
import {imagesService} from './services/images/service.ts';
import {introspectionService} from './services/introspection/service.ts';
import {leasesService} from './services/leases/service.ts';
import {listenTtrpc} from './services/listen.ts';
import {localImageServices} from './services/local-services.ts';
import {mountsService} from './services/mounts/service.ts';
import {namespacesService} from './services/namespaces/service.ts';
import {sandboxControllerService} from './services/sandbox/controller.ts';
import {sandboxStoreService} from './services/sandbox/store.ts';
import type {ServedService} from './services/serve.ts';
import {snapshotsService} from './services/snapshots/service.ts';
import {streamingService} from './services/streaming/service.ts';
import {tasksService} from './services/tasks/service.ts';
import {serveTtrpcTraces, tracesService} from './services/traces/service.ts';
import {transferService} from './services/transfer/service.ts';
import {versionService} from './services/version/service.ts';

export interface Daemon extends AsyncDisposable {
  /** What is going on, for SIGUSR1. */
  describe(): Record<string, unknown>;
}

interface Core {
  metadata: SqlMetadataStore;
  events: EventExchange;
  collector: CollectionScheduler;
  content: Content;
  snapshotters: Snapshotters;
  differ: Differ;
  mounts: Mounts;
  binaries: RuntimeBinaries;
  tasks: Tasks;
  sandboxes: SandboxController;
  checkpoints: Checkpoints;
}

/** Resolves when both sockets answer. Disposing it stops the edge first and the database last; shims live on. */
export async function startDaemon(config: Config, log: Logger, tracer = new Tracer('containerd')): Promise<Daemon> {
  await using scope = new Scope(log);
  await mkdir(config.root, {recursive: true, mode: 0o711});
  await mkdir(config.state, {recursive: true, mode: 0o711});
  const started = new Date();
  await prepareProcess(config);
  scope.use(await lockRoot(config.root, log), 'root lock');
  for (const {address} of [config.grpc, config.ttrpc]) await prepareSocketPath(address);
  const core = await openCore(config, log, scope);
  const services = [...(await openServices(config, core)), tracesService(tracer)];
  await core.tasks.load(backgroundContext(log), core.sandboxes);
  const forward = (...exit: Parameters<Tasks['noteExit']>) => core.tasks.noteExit(...exit);
  const ttrpc = await listenTtrpc(config.ttrpc.address, log, server => {
    serveTtrpcEvents(server, core.events, forward);
    serveTtrpcTraces(server, tracer);
  });
  scope.use(ttrpc, 'ttrpc');
  const describe = () => describeDaemon(core, started);
  await openListeners(config, log, scope, {services, tracer, tasks: core.tasks, describe});
  core.collector.start();
  const owner = scope.release();
  return {
    describe,
    [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
  };
}

async function openCore(config: Config, log: Logger, scope: Scope): Promise<Core> {
  const metadata = scope.use(openMetadataStore(join(config.root, 'io.containerd.metadata.v1.sqlite')), 'metadata');
  const events = new EventExchange(eventCodec);
  // Each needs the other: the collector sweeps the stores, which tell it when to.
  const collector = scope.use(new CollectionScheduler(() => collect(), config.collector, log), 'collector');
  const files = await openContentFiles(config, log, scope);
  const content = new Content({metadata, files, events, collector, sharing: config.contentSharing});
  const hooks = snapshotHooks(metadata, collector);
  const snapshotters = await openSnapshotters(config, {database: metadata.database, hooks, log});
  for (const snapshotter of snapshotters.loaded) scope.use(snapshotter, `snapshotter ${snapshotter.name}`);
  const mounts = await openMounts(config, log, scope, {metadata, collector});
  let firstTime = true;
  const collect = async () => {
    if (firstTime) await content.removeOrphans();
    firstTime = false;
    return collectGarbage({metadata, content, snapshotters: snapshotters.loaded, mounts, events, log});
  };
  const differ = scope.use(openDiffers(config, {content: diffContent(content), log}), 'differ');
  const binaries = new RuntimeBinaries({path: process.env.PATH ?? '', ownDirectory: dirname(process.execPath)});
  const {tasks, sandboxes} = openTasks(config, log, scope, {metadata, events, binaries});
  const shim: ConstructorParameters<typeof CheckpointStore>[0]['shim'] = (ctx, id) => tasks.shim(ctx, id);
  const checkpoints = new CheckpointStore({content, differ, metadata, shim});
  return {metadata, events, collector, content, snapshotters, differ, mounts, binaries, tasks, sandboxes, checkpoints};
}

async function openMounts(
  config: Config,
  log: Logger,
  scope: Scope,
  {metadata, collector}: Pick<Core, 'metadata' | 'collector'>,
): Promise<Mounts> {
  const directory = join(config.state, 'io.containerd.mount-manager.v1.sqlite');
  const roots = [resolve(config.root), resolve(config.state)];
  const places = scope.use(await openMountPlaces({directory: resolve(directory), roots}), 'mounts');
  const mounts = new Mounts({metadata, places, collector, log});
  await mounts.recover();
  return mounts;
}

function openTasks(
  config: Config,
  log: Logger,
  scope: Scope,
  {metadata, events, binaries}: Pick<Core, 'metadata' | 'events' | 'binaries'>,
): Pick<Core, 'tasks' | 'sandboxes'> {
  const {timeouts} = config;
  const shims = new ShimSupervisor({
    roots: {root: config.root, state: config.state},
    binaries,
    addresses: {grpc: config.grpc.address, ttrpc: config.ttrpc.address},
    environment: config.shimEnvironment,
    publishBinary: process.execPath,
    debug: log.isEnabled('debug'),
    timeouts: {
      cleanup: timeouts['io.containerd.timeout.shim.cleanup'],
      load: timeouts['io.containerd.timeout.shim.load'],
      shutdown: timeouts['io.containerd.timeout.shim.shutdown'],
    },
    log,
    runtimeOf: (namespace, id) => metadata.containers.get(namespace, id)?.runtime.name,
  });
  scope.use(shims, 'shims');
  const stateTimeoutMs = timeouts['io.containerd.timeout.task.state'];
  const sandboxes = scope.use(new SandboxController({metadata, shims, events, log}), 'sandboxes');
  const tasks = scope.use(new Tasks({metadata, shims, events, log, stateTimeoutMs}), 'tasks');
  return {tasks, sandboxes};
}

function describeDaemon({tasks, sandboxes, events, content}: Core, started: Date): Record<string, unknown> {
  return {
    started: started.toISOString(),
    tasks: tasks.describe(),
    sandboxes: sandboxes.size,
    subscribers: events.subscribers,
    ingests: [...content.activeIngests()],
    memory: process.memoryUsage(),
  };
}

async function openServices(config: Config, core: Core): Promise<ServedService[]> {
  const {metadata, events, collector, content, snapshotters, differ, binaries, tasks, sandboxes, checkpoints, mounts} =
    core;
  const isEnabled = (id: string) => !config.disabledPlugins.includes(id);
  const own = listPlugins(snapshotters).filter(({type, id}) => isEnabled(`${type}.${id}`));
  const plugins = [...own, ...config.proxies.map(proxyPlugin)];
  for (const required of config.requiredPlugins) {
    if (plugins.some(({type, id, problem}) => `${type}.${id}` === required && !problem)) continue;
    throw new EngineError('failed-precondition', `required plugin "${required}" is not loaded`);
  }
  // Transfers use these whether clients may or not.
  const images = {
    content: contentService(content),
    diff: diffService(differ, config.syncLayers),
    images: imagesService(new Images(metadata, events, collector)),
    leases: leasesService(new Leases(metadata, collector)),
    snapshots: snapshotsService({find: snapshotters.find, events}),
  };
  const streams = new Streams();
  const services: {readonly [plugin: string]: () => ServedService | Promise<ServedService>} = {
    containers: () => containersService(new Containers(metadata, events, collector), tasks),
    content: () => images.content,
    diff: () => images.diff,
    events: () => eventsService(events),
    healthcheck: () => healthService(),
    images: () => images.images,
    introspection: async () =>
      introspectionService({
        plugins,
        identity: await readIdentity(config.root),
        runtimeInfo: (_ctx, path, options) => readRuntimeInfo(binaries.resolve(path), options),
      }),
    leases: () => images.leases,
    mounts: () => mountsService(mounts),
    namespaces: () => namespacesService(new Namespaces(metadata, events, snapshotters.loaded)),
    'sandbox-controllers': () => sandboxControllerService(sandboxes, openSandboxProxies(config)),
    sandboxes: () => sandboxStoreService(new Sandboxes(metadata, collector)),
    snapshots: () => images.snapshots,
    streaming: () => streamingService(streams),
    tasks: () => tasksService(tasks, checkpoints),
    transfer: () => transferService(new LocalImageMover(localImageServices(images), config.transfer), streams),
    version: () => versionService(),
  };
  const enabled = Object.entries(services).filter(([id]) => isEnabled(`io.containerd.grpc.v1.${id}`));
  return await Promise.all(enabled.map(([, make]) => make()));
}
