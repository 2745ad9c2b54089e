/** From a container on disk to a running process. */
import type {Spec} from '@longshore/api/oci';
import {type CallContext, Scope, withSpan} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {nowNano} from '../events/event-bus.ts';
import {defaultAppArmorProfile} from '../ports/app-armor.ts';
import type {ContainerIo} from '../ports/container-io.ts';
import type {Sandbox} from '../ports/network-controller.ts';
import type {Container} from './container.ts';
import {removeLocked} from './destroy.ts';
import {initialHealth, startHealthChecks} from './health.ts';
import {tellParents} from './links/links.ts';
import {logRequestOf} from './log-request.ts';
import {resolveMounts} from './mounts/resolve.ts';
import {networkOwner} from './namespaces.ts';
import {withoutRunData} from './network-between-runs.ts';
import {isCutOff} from './network-mode.ts';
import type {ContainerRecord} from './record.ts';
import {sandboxRequestOf} from './sandbox-request.ts';
import {toRootless} from './spec/rootless.ts';
import {parseSecurityOptions} from './spec/security-options.ts';
import {buildSpec, encodeSpec, type SpecInputs} from './spec/spec.ts';
import {gatherSpecInputs} from './spec-inputs.ts';
import {asStartError, type StartError, translateRuntimeError} from './start-error.ts';
import {lastRunOf} from './state.ts';
import {publishContainerEvent, remappingOf, saveContainer, saveOrWarn, type World} from './world.ts';

/** A start by hand, from a checkpoint if one is named. Throws `not-modified` when it runs, and StartError with what the state then shows. */
export async function startContainer(
  world: World,
  ctx: CallContext,
  container: Container,
  checkpoint = '',
): Promise<void> {
  using _lock = await container.lock.acquire(ctx.signal);
  checkStartable(container);
  container.restarts.reset();
  container.record.restartCount = 0;
  container.record.manuallyStopped = false;
  await startLocked(world, ctx, container, checkpoint);
}

function checkStartable({state, removing}: Container): void {
  if (removing || state.status === 'dead') {
    throw new EngineError('conflict', 'container is marked for removal and cannot be started');
  }
  if (state.status === 'paused') {
    throw new EngineError('conflict', 'cannot start a paused container, try unpause instead');
  }
  if (state.status === 'running' || state.status === 'restarting') {
    throw new EngineError('not-modified', 'container is already running');
  }
}

/** Starts it; the caller holds the lock. A failure is in the container's state, and it is removed if it asked for that. */
export async function startLocked(
  world: World,
  ctx: CallContext,
  container: Container,
  checkpoint = '',
): Promise<void> {
  try {
    const path = checkpoint === '' ? '' : await world.checkpoints.find(container.id, '', checkpoint);
    await launch(world, ctx, container, path);
  } catch (error) {
    const failure = asStartError(error);
    await rememberFailure(world, container, failure);
    throw failure;
  }
}

async function launch(world: World, ctx: CallContext, container: Container, checkpoint: string): Promise<void> {
  const {record, id} = container;
  await using scope = new Scope(ctx.log);
  const owner = networkOwner(world, container);
  if (owner) record.config.Hostname = owner.record.config.Hostname;
  container.trace = {traceparent: ctx.traceparent, spans: ctx.spans};
  const [rootfs, sandbox, io, mounts] = await allOrUndo(
    withSpan(ctx, 'mount rootfs', own => mountRootfs(world, own, container, scope)),
    owner ? undefined : attachSandbox(world, ctx, container, scope),
    withSpan(ctx, 'open pipes', () => openIo(world, container, scope)),
    withSpan(ctx, 'mount volumes', own => resolveMounts(world, own, container, scope)),
    withSpan(ctx, 'mount shm', () => provideShm(world, container, scope)),
    chooseAppArmorProfile(world, record),
  );
  // A container without networks keeps those that it was made for in its record.
  const isAlone = isCutOff(record.config, record.host, world.config);
  if (sandbox) record.network = {...sandbox.settings, ...(isAlone ? {Networks: record.network.Networks} : {})};
  const {netnsPath, usernsPath, sysctls} = sandbox ?? {netnsPath: undefined, usernsPath: undefined, sysctls: {}};
  const inputs = gatherSpecInputs(world, container, {
    rootfs,
    mounts,
    netnsPath,
    usernsPath,
    sysctls: {...sysctls, ...record.host.Sysctls},
  });
  const built = await specFor(world, container, inputs);
  const spec = encodeSpec(built);
  const stdio = {...io.paths, terminal: record.config.Tty};
  const {Runtime: runtime} = record.host;
  const {Image: image} = record.config;
  const created = await createTask(world, ctx, {id, spec, runtime, image, stdio, checkpoint});
  scope.defer(`destroy task ${id}`, () => world.runtime.destroy(world.background, id));
  io.attached();
  if (sandbox) world.networks.announce(id);
  // Clients pass their input on from now on: the shim has its end, and can be told to close it.
  container.setIo(io);
  const started = await world.runtime.start(ctx, id).catch(error => Promise.reject(translateRuntimeError(error)));
  // Restored from a checkpoint the process appears only now.
  const pid = started || created;
  container.process = built.process;
  const previous = lastRunOf(record.state);
  container.moveTo({status: 'running', pid, startedAt: nowNano(), previous, oomKilled: false});
  record.hasBeenStarted = true;
  record.health = initialHealth(record);
  await withSpan(ctx, 'save record', () => saveContainer(world, container));
  scope.release();
  publishContainerEvent(world, container, 'start');
  startHealthChecks(world, container);
  await tellParents(world, container);
}

/** Side by side; when one fails the others are waited for, so that the scope undoes all of them. */
async function allOrUndo<T extends readonly unknown[]>(...work: T): Promise<{-readonly [K in keyof T]: Awaited<T[K]>}> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map(result => (result as PromiseFulfilledResult<unknown>).value) as never;
}

async function mountRootfs(world: World, ctx: CallContext, {id, record}: Container, scope: Scope): Promise<string> {
  scope.defer(`unmount rootfs of ${id}`, () => world.rootfs.unmount(id));
  const remapping = remappingOf(world, record.host);
  const root = await world.rootfs.mount(ctx, id, remapping !== undefined);
  // Older versions of runc make links and nodes below /dev by their paths on the machine, and would follow a link that
  // an earlier run has left there to anywhere.
  world.files.replaceLinkByDirectory(root, 'dev', remapping?.root);
  return root;
}

async function attachSandbox(world: World, ctx: CallContext, container: Container, scope: Scope): Promise<Sandbox> {
  const {files, config} = container.record;
  await world.files.writeFile(files.hostname, `${config.Hostname}\n`);
  const sandbox = await world.networks.attach(ctx, sandboxRequestOf(world, container));
  scope.defer(`release network of ${container.id}`, () => world.networks.release(world.background, container.id));
  return sandbox;
}

/** As Docker's, the record shows the profile from the first start on; a kernel without AppArmor leaves it empty. */
async function chooseAppArmorProfile({appArmor}: World, record: ContainerRecord): Promise<void> {
  if (!appArmor) {
    record.appArmorProfile = '';
    return;
  }
  const {apparmor: chosen} = parseSecurityOptions(record.host.SecurityOpt ?? []);
  record.appArmorProfile = chosen || (record.host.Privileged ? 'unconfined' : defaultAppArmorProfile);
  if (record.appArmorProfile === defaultAppArmorProfile) await appArmor.ensureDefaultProfile();
}

/** A /dev/shm for containers that share it with others. */
async function provideShm(world: World, {record: {files, host}}: Container, scope: Scope): Promise<void> {
  if (files.shm === '') return;
  await world.files.mountShm(files.shm, host.ShmSize);
  scope.defer(`unmount ${files.shm}`, () => world.files.unmountShm(files.shm));
}

async function openIo(world: World, container: Container, scope: Scope): Promise<ContainerIo> {
  const {id, record, output} = container;
  const {OpenStdin: stdin, Tty: tty} = record.config;
  const io = await withLogErrors(async () =>
    world.stdio.create({containerId: id, stdin, tty, log: logRequestOf(world, container), receiver: output}),
  );
  scope.defer(`close pipes of ${id}`, async () => {
    await io.finish();
    container.io = undefined;
  });
  return io;
}

/** Whatever is wrong with the log is an error of the daemon for Docker, bad options too. */
async function withLogErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new EngineError('unknown', `failed to initialize logging driver: ${messageOf(error)}`, {cause: error});
  }
}

async function createTask(world: World, ctx: CallContext, request: Parameters<World['runtime']['create']>[1]) {
  try {
    return await world.runtime.create(ctx, request);
  } catch (error) {
    const message = `failed to create task for container: ${messageOf(error)}`;
    throw translateRuntimeError(new EngineError('unknown', message, {cause: error}));
  }
}

/** The state stays what it was, with the exit code and the reason; the caller holds the lock. */
async function rememberFailure(world: World, container: Container, failure: StartError): Promise<void> {
  const {record} = container;
  const last = lastRunOf(record.state);
  const {exitCode, message: error} = failure;
  container.io = undefined;
  record.network = withoutRunData(record.network);
  container.moveTo(last ? {status: 'exited', last: {...last, exitCode, error}} : {status: 'created', exitCode, error});
  await saveOrWarn(world, container);
  container.output.end();
  container.announceExit({exitCode, error});
  if (record.host.AutoRemove) {
    await removeLocked(world, world.background, container, {removeVolumes: true});
  }
}

async function specFor({config, facts, files}: World, {record: {host}}: Container, inputs: SpecInputs): Promise<Spec> {
  const spec = buildSpec(inputs);
  if (!config.rootless) return spec;
  const {namespaces} = inputs;
  return toRootless(spec, {
    cgroup: facts.cgroup,
    ownOomScoreAdj: files.ownOomScoreAdj(),
    hostPid: namespaces.pid === 'host',
    hostIpc: host.IpcMode === 'host',
    hasQueues: (await files.pathKind('/dev/mqueue')) === 'directory',
  });
}
