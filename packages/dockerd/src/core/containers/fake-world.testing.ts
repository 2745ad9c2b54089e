/** A world of memory for tests of the life of containers: every port remembers what was asked of it. */
import {callContext, discardLogger, randomId} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {mergeConfig} from '../../config/config.ts';
import {EventBus} from '../events/event-bus.ts';
import {EngineMetrics} from '../metrics/engine-metrics.ts';
import type {ContainerIo} from '../ports/container-io.ts';
import type {TaskStatus} from '../ports/task-runtime.ts';
import {Container} from './container.ts';
import {containerConfig} from './documents/container-config.ts';
import {type HostConfig, hostConfig} from './documents/host-config.ts';
import {endpointSettings, type NetworkSettings, networkSettings} from './documents/network-settings.ts';
import {mergeImageConfig} from './merge-image.ts';
import type {ContainerRecord} from './record.ts';
import {ContainerRegistry} from './registry.ts';
import type {World} from './world.ts';

export interface FakeWorld {
  world: World;
  /** Calls of the ports and events of the bus, in order. */
  trace: string[];
  /** Records as they were saved last. */
  saved: Map<string, string>;
  /** What containerd would say about a task. */
  tasks: Map<string, TaskStatus>;
  /** Makes the next call of this name fail. */
  failNext(call: string, error: Error): void;
  /** Adds a container that has been created. */
  add(name: string, host?: Partial<HostConfig>): Container;
  /** The kernel's side: what a signal does. */
  onKill: (id: string, signal: number) => void;
}

const status = (record: ContainerRecord) => (record.removing ? 'removing' : record.state.status);

export function makeFakeWorld(): FakeWorld {
  const trace: string[] = [];
  const saved = new Map<string, string>();
  const tasks = new Map<string, TaskStatus>();
  const failures = new Map<string, Error>();
  const events = new EventBus();
  const publish = events.publish.bind(events);
  events.publish = (type, action, id, attributes = {}) => {
    const detail = attributes.exitCode ?? attributes.signal;
    trace.push(`event ${type} ${action}${detail === undefined ? '' : ` ${detail}`}`);
    publish(type, action, id, attributes);
  };
  const call = async <T>(name: string, result: T): Promise<T> => {
    trace.push(name);
    const failure = failures.get(name);
    failures.delete(name);
    if (failure) throw failure;
    return result;
  };
  const io = (): ContainerIo => ({
    paths: {stdin: '', stdout: '/out', stderr: '/err'},
    stdin: undefined,
    attached: () => {},
    finish: () => call('io finish', undefined),
    abandon: () => call('io abandon', undefined),
  });
  let pid = 100;
  const fake: FakeWorld = {
    trace,
    saved,
    tasks,
    failNext: (name, error) => void failures.set(name, error),
    add: (name, host = {}) => addContainer(fake.world, name, host),
    onKill: () => {},
    world: {
      config: mergeConfig({}, {}),
      facts: {kernelVersion: '6.1.0', architecture: 'amd64', cpus: 2, cgroup: {version: 1}} as World['facts'],
      registry: new ContainerRegistry(),
      snapshotter: 'overlayfs',
      store: {
        directory: id => `/containers/${id}`,
        save(record) {
          saved.set(record.id, status(record));
          return call(`save ${status(record)}`, undefined);
        },
        loadAll: async () => [],
        removeData: async () => {},
        async remove(id) {
          saved.delete(id);
          await call('store remove', undefined);
        },
      },
      runtime: {
        async create(_ctx, {id}) {
          await call('task create', undefined);
          tasks.set(id, {status: 'created', pid: ++pid});
          return pid;
        },
        async start(_ctx, id) {
          await call('task start', undefined);
          tasks.set(id, {status: 'running', pid});
          return pid;
        },
        async delete(_ctx, id) {
          await call('task delete', undefined);
          tasks.delete(id);
          return undefined;
        },
        async destroy(_ctx, id) {
          await call('task destroy', undefined);
          tasks.delete(id);
          return undefined;
        },
        status: async (_ctx, id, execId = '') => tasks.get(execId || id) ?? {status: 'gone'},
        async kill(_ctx, id, signal) {
          await call(`task kill ${signal}`, undefined);
          fake.onKill(id, signal);
        },
        list: async () => [...tasks.keys()],
        pause: () => call('task pause', undefined),
        resume: () => call('task resume', undefined),
      } satisfies Partial<World['runtime']> as unknown as World['runtime'],
      rootfs: {
        mount: (_ctx: unknown, id: string) => call('rootfs mount', `/rootfs/${id}`),
        unmount: () => call('rootfs unmount', undefined),
        remove: () => call('rootfs remove', undefined),
        path: (id: string) => `/rootfs/${id}`,
        restore: () => call('rootfs restore', undefined),
      } satisfies Partial<World['rootfs']> as unknown as World['rootfs'],
      parts: {
        unmount: async () => {},
        removeImages: async () => {},
        restore: async () => {},
      } satisfies Partial<World['parts']> as unknown as World['parts'],
      checkpoints: {} as World['checkpoints'],
      exits: {write: () => {}, read: () => undefined, remove: () => {}},
      stdio: {
        create: () => call('io create', io()),
        reopen: () => call('io reopen', io()),
        discard: () => call('io discard', undefined),
        sweep: () => call('io sweep', undefined),
        openLog: () => {
          throw new Error('not here');
        },
      },
      execIo: {} as World['execIo'],
      openOverflow: () => {
        throw new Error('not part of this world');
      },
      networks: {
        attach: async () => {
          await call('network attach', undefined);
          return {id: 's', netnsPath: '/netns/s', usernsPath: undefined, settings: connected(), sysctls: {}};
        },
        announce: () => {},
        release: () => call('network release', undefined),
        restore: () => call('network restore', undefined),
      } satisfies Partial<World['networks']> as unknown as World['networks'],
      images: {} as World['images'],
      volumes: {restore: async () => {}} satisfies Partial<World['volumes']> as unknown as World['volumes'],
      remapping: undefined,
      appArmor: undefined,
      files: {
        capabilities: () => ['CAP_CHOWN'],
        readUserDatabase: () => ({passwd: '', group: ''}),
        writeFile: async () => {},
        replaceLinkByDirectory: () => {},
        extraMaskedPaths: () => [],
      } satisfies Partial<World['files']> as unknown as World['files'],
      events,
      metrics: new EngineMetrics(),
      devices: {cdi: undefined, nvidiaHook: undefined},
      seccompProfile: undefined,
      initPath: undefined,
      runtimes: ['runc'],
      imageIds: async () => new Set(),
      log: discardLogger(),
      background: callContext(),
      shuttingDown: false,
    },
  };
  return fake;
}

function connected(): NetworkSettings {
  const bridge = {
    ...endpointSettings.zero(),
    EndpointID: 'e',
    IPAddress: '172.17.0.2',
    IPAMOperational: false,
    DesiredMacAddress: '',
  };
  return {...networkSettings.zero(), SandboxID: 's', SandboxKey: '/netns/s', Networks: {bridge}};
}

function addContainer(world: World, name: string, host: Partial<HostConfig>): Container {
  const id = randomId();
  const directory = `/containers/${id}`;
  const record: ContainerRecord = {
    id,
    created: 1n,
    name: `/${name}`,
    path: 'sleep',
    args: ['1'],
    config: mergeImageConfig(
      {...containerConfig.zero(), Cmd: ['sleep', '1'], Image: 'busybox'},
      containerConfig.zero(),
    ),
    host: {...hostConfig.zero(), NetworkMode: 'bridge', IpcMode: 'private', ...host},
    image: 'sha256:1',
    imagePlatform: {os: 'linux', architecture: 'amd64'},
    imageManifest: undefined,
    driver: world.snapshotter,
    state: {status: 'created', exitCode: 0, error: ''},
    health: undefined,
    network: networkSettings.zero(),
    mounts: {},
    restartCount: 0,
    hasBeenStarted: false,
    manuallyStopped: false,
    removing: false,
    noNewPrivileges: false,
    appArmorProfile: '',
    seccompProfile: '',
    files: {hostname: `${directory}/hostname`, hosts: '', resolvConf: '', log: '', shm: ''},
  };
  const container = new Container(record);
  world.registry.reserveName(record.name, id);
  world.registry.add(container);
  return container;
}

/** An error as the runtime's own words reach the daemon. */
export function runtimeError(text: string): EngineError {
  return new EngineError('unknown', `failed to create shim task: OCI runtime create failed: ${text}`);
}
