/** Composes the containers part: core, containerd's tasks, root file systems, pipes, records. */
import {join} from 'node:path';
import {type CallContext, type Logger, Scope} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import type {Config} from '../config/config.ts';
import {readRuntimeOptions} from '../config/runtime-options.ts';
import {cgroupDriverOf, verifyCgroupSettings} from '../core/containers/cgroup-path.ts';
import type {DeviceDrivers} from '../core/containers/devices/device-requests.ts';
import {ContainerRegistry} from '../core/containers/registry.ts';
import {restoreContainers} from '../core/containers/restore.ts';
import {taskListener} from '../core/containers/service.ts';
import {leaveAllContainers, shutdownTimeoutMs, stopAllContainers} from '../core/containers/shutdown.ts';
import type {World} from '../core/containers/world.ts';
import type {EventBus} from '../core/events/event-bus.ts';
import {collectExecs} from '../core/exec/collect.ts';
import type {Images} from '../core/images/images.ts';
import {verifyLogOptions} from '../core/logs/options/verify.ts';
import type {EngineMetrics} from '../core/metrics/engine-metrics.ts';
import type {AppArmor} from '../core/ports/app-armor.ts';
import type {NetworkController} from '../core/ports/network-controller.ts';
import type {VolumeService} from '../core/ports/volume-service.ts';
import type {HostFacts} from '../core/system/host-facts.ts';
import type {Remapping} from '../core/users/remapping.ts';
import {KernelAppArmor} from '../drivers/apparmor/apparmor.ts';
import {followTaskEvents} from '../drivers/containerd/task-events.ts';
import {openTaskRuntime, type RuntimeChoice} from '../drivers/containerd/task-runtime.ts';
import {readCdiDirectories} from '../drivers/host/cdi-directories.ts';
import type {ProgramPaths} from '../drivers/host/component-versions.ts';
import {LinuxHostFiles} from '../drivers/host/host-files.ts';
import {isMachineStopping} from '../drivers/host/systemd.ts';
import {openMountedParts} from '../drivers/rootfs/mounted-parts.ts';
import {openRootfs} from '../drivers/rootfs/rootfs.ts';
import {openSnapshotShift} from '../drivers/rootfs/snapshot-shift.ts';
import {loadSeccompProfile} from '../drivers/seccomp/load-profile.ts';
import {checkpointDirectories} from '../drivers/state-dir/checkpoint-directories.ts';
import {StateDirectory} from '../drivers/state-dir/container-store.ts';
import {ExitNoteFiles} from '../drivers/state-dir/exit-note-files.ts';
import {writeRuntimeScripts} from '../drivers/state-dir/runtime-scripts.ts';
import {StdioDriver} from '../drivers/stdio/container-io.ts';
import {ExecStdio} from '../drivers/stdio/exec-io.ts';
import {OverflowFile} from '../drivers/stdio/overflow-file.ts';

export interface ContainersOptions {
  client: ContainerdClient;
  /** Name of the snapshotter that containers' file systems are of. */
  snapshotter: string;
  config: Config;
  remapping: Remapping | undefined;
  facts: HostFacts;
  programs: ProgramPaths;
  events: EventBus;
  metrics: EngineMetrics;
  images: Images;
  networks: NetworkController;
  volumes: VolumeService;
  log: Logger;
}

export interface Containers extends AsyncDisposable {
  world: World;
  /** Takes over what runs. Call it once, before anything is served. */
  restore(): Promise<void>;
  /** Takes over the values that a reload may change. */
  reconfigure(config: Config): Promise<void>;
  /** Stops all containers, or lets go of them with `--live-restore`. */
  shutDown(): Promise<void>;
}

/** The world first: networks and images look at containers through it before they are restored. */
export async function openContainers(ctx: CallContext, options: ContainersOptions): Promise<Containers> {
  const {client, config, log} = options;
  verifyLogOptions(config.logDriver, {...config.logOptions});
  verifyCgroupSettings(config, options.facts);
  const choices = new Map<string, RuntimeChoice>();
  await chooseRuntimes(choices, config, options.programs);
  await using opening = new Scope(log);
  const world = await makeWorld(ctx, options, choices, opening);
  const scope = opening.release();
  return {
    world,
    async restore() {
      scope.use(await followTaskEvents(ctx, client, taskListener(world)), 'task events');
      await restoreContainers(world);
      scope.use(collectExecs(world), 'collection of execs');
    },
    async reconfigure(next) {
      await chooseRuntimes(choices, next, options.programs);
      world.config = next;
      world.runtimes = runtimeNames(next);
    },
    async shutDown() {
      // Nobody waits for containers that are left running on a machine that goes down: its systemd would kill them at its
      // very end, after a minute and a half for each first process that does not know SIGTERM.
      const isLeft = world.config.liveRestore && !(options.facts.systemd && (await isMachineStopping()));
      if (isLeft) return leaveAllContainers(world);
      const {promise, resolve} = Promise.withResolvers<void>();
      const limit = shutdownTimeoutMs(world);
      const timer = Number.isFinite(limit) ? setTimeout(resolve, limit) : undefined;
      await Promise.race([stopAllContainers(world), promise]);
      clearTimeout(timer);
      await leaveAllContainers(world);
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

async function makeWorld(
  ctx: CallContext,
  options: ContainersOptions,
  runtimes: ReadonlyMap<string, RuntimeChoice>,
  scope: Scope,
): Promise<World> {
  const {client, snapshotter, config, facts, programs, events, metrics, images, networks, volumes, log} = options;
  const {remapping} = options;
  const store = new StateDirectory(join(config.dataRoot, 'containers'), log, remapping?.root.gid);
  const shift = remapping
    ? scope.use(await openSnapshotShift(remapping, snapshotter, join(config.dataRoot, 'tmp')))
    : undefined;
  const snapshots = {client, dataRoot: config.dataRoot, snapshotter, shift};
  const stdioRoot = join(config.execRoot, 'containerd');
  return {
    config,
    facts,
    registry: new ContainerRegistry(),
    store,
    checkpoints: checkpointDirectories(id => store.directory(id)),
    runtime: openTaskRuntime({
      client,
      runtimes,
      runtimeRoot: join(config.execRoot, 'runtime-runc'),
      systemdCgroup: cgroupDriverOf(config, facts) === 'systemd',
      owner: remapping?.root,
    }),
    rootfs: await openRootfs(snapshots),
    parts: await openMountedParts(snapshots),
    exits: new ExitNoteFiles(join(config.execRoot, 'exits')),
    stdio: new StdioDriver(stdioRoot, log, remapping?.root),
    execIo: new ExecStdio(stdioRoot, log, remapping?.root),
    openOverflow: () => new OverflowFile(config.dataRoot),
    networks,
    images,
    volumes,
    remapping,
    files: new LinuxHostFiles(remapping?.root),
    appArmor: openAppArmor(facts, log),
    events,
    metrics,
    devices: deviceDrivers(config, programs, log),
    seccompProfile: await loadSeccompProfile(config.seccompProfile, facts),
    initPath: programs.init,
    runtimes: runtimeNames(config),
    imageIds: (requestCtx, references) => imageIds(images, requestCtx, references),
    log,
    snapshotter,
    background: ctx,
    shuttingDown: false,
  };
}

/** The default profile is loaded while the daemon goes on: a container that needs it before waits for it. */
function openAppArmor({apparmor}: HostFacts, log: Logger): AppArmor | undefined {
  if (!apparmor) return undefined;
  const kernel = new KernelAppArmor();
  kernel.ensureDefaultProfile().catch(error => log.warn({error}, 'cannot load the default profile of AppArmor'));
  return kernel;
}
const runcShim = 'io.containerd.runc.v2';

/** The feature `cdi` turned off, or an empty directory name, means that there are no such devices, as in Docker. */
function deviceDrivers(
  {cdiSpecDirs: directories, features}: Config,
  {nvidiaHook}: ProgramPaths,
  log: Logger,
): DeviceDrivers {
  const isOff = features.cdi === false || (directories.length === 1 && directories[0] === '');
  return {cdi: isOff ? undefined : () => readCdiDirectories(directories, log), nvidiaHook};
}

/** Fills `choices`. A runtime with a path is run by runc's shim; one with a type brings its own. */
async function chooseRuntimes(
  choices: Map<string, RuntimeChoice>,
  config: Config,
  {runc}: ProgramPaths,
): Promise<void> {
  const scripts = await writeRuntimeScripts(config.dataRoot, config.runtimes);
  const standard = {shim: runcShim, binary: runc};
  choices.clear();
  choices.set('runc', standard).set(runcShim, standard);
  for (const [name, {runtimeType, options}] of Object.entries(config.runtimes)) {
    const {binaryName, root} = readRuntimeOptions(options);
    const binary = scripts.get(name) || binaryName || (runtimeType === runcShim ? runc : '');
    choices.set(name, {shim: runtimeType || runcShim, binary, ...(root ? {root} : {})});
  }
}

function runtimeNames({runtimes}: Config): string[] {
  return ['runc', ...Object.keys(runtimes)];
}

/** Ids of the images that references name; an unknown one names nothing. */
async function imageIds(images: Images, ctx: CallContext, references: readonly string[]): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const reference of references) {
    try {
      for (const id of await images.withDescendants(ctx, await images.find(ctx, reference))) ids.add(id);
    } catch (error) {
      if (!isErrorCode(error, 'not-found', 'invalid-argument')) throw error;
    }
  }
  return ids;
}
