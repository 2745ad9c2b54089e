/** What the operations on containers work with. Made once, in daemon.ts. */
import type {CallContext, Logger} from '@longshore/base';
import type {SeccompProfile} from '@longshore/oci';
import type {Config} from '../../config/config.ts';
import type {EventBus} from '../events/event-bus.ts';
import type {EngineMetrics} from '../metrics/engine-metrics.ts';
import type {AppArmor} from '../ports/app-armor.ts';
import type {CheckpointDirectories} from '../ports/checkpoint-directories.ts';
import type {ContainerIoFactory} from '../ports/container-io.ts';
import type {ContainerStore} from '../ports/container-store.ts';
import type {ExecIoFactory} from '../ports/exec-io.ts';
import type {ExitNotes} from '../ports/exit-notes.ts';
import type {HostFiles} from '../ports/host-files.ts';
import type {ImageService} from '../ports/image-service.ts';
import type {MountedParts} from '../ports/mounted-parts.ts';
import type {NetworkController} from '../ports/network-controller.ts';
import type {Overflow} from '../ports/overflow.ts';
import type {RootfsService} from '../ports/rootfs-service.ts';
import type {TaskRuntime} from '../ports/task-runtime.ts';
import type {VolumeService} from '../ports/volume-service.ts';
import type {HostFacts} from '../system/host-facts.ts';
import type {Remapping} from '../users/remapping.ts';
import type {Container} from './container.ts';
import type {DeviceDrivers} from './devices/device-requests.ts';
import type {HostConfig} from './documents/host-config.ts';
import type {ContainerRegistry} from './registry.ts';

export interface World {
  config: Config;
  facts: HostFacts;
  registry: ContainerRegistry;
  store: ContainerStore;
  runtime: TaskRuntime;
  rootfs: RootfsService;
  parts: MountedParts;
  checkpoints: CheckpointDirectories;
  exits: ExitNotes;
  stdio: ContainerIoFactory;
  execIo: ExecIoFactory;
  /** For a client that does not keep up with the output. */
  openOverflow: () => Overflow;
  networks: NetworkController;
  images: ImageService;
  volumes: VolumeService;
  files: HostFiles;
  /** Of containers without `--userns host`; undefined without `--userns-remap`. */
  remapping: Remapping | undefined;
  /** Undefined where the kernel or the machine has none. */
  appArmor: AppArmor | undefined;
  events: EventBus;
  devices: DeviceDrivers;
  metrics: EngineMetrics;
  /** The profile of containers that do not bring one; undefined for none. */
  seccompProfile: SeccompProfile | undefined;
  /** Host path of docker-init; undefined when there is none. */
  initPath: string | undefined;
  /** Names of configured runtimes. */
  runtimes: readonly string[];
  /** What the file systems of containers are made with. */
  snapshotter: string;
  log: Logger;
  /** For work that no request asked for: exits, restarts, health checks. */
  background: CallContext;
  /** Ids of the images that `ancestor` filters name, with those of images built on them. */
  imageIds(ctx: CallContext, references: readonly string[]): Promise<ReadonlySet<string>>;
  /** True from the beginning of the shutdown: nothing is restarted or removed any more. */
  shuttingDown: boolean;
}

/** How the ids of a container are shifted; undefined when it has those of the machine. */
export function remappingOf(world: World, {UsernsMode: mode}: Pick<HostConfig, 'UsernsMode'>): Remapping | undefined {
  return mode === 'host' ? undefined : world.remapping;
}

/** Announces something about a container, with the attributes that every such event has. */
export function publishContainerEvent(
  world: World,
  container: Container,
  action: string,
  attributes: Record<string, string> = {},
): void {
  const {config} = container.record;
  world.events.publish('container', action, container.id, {
    ...config.Labels,
    image: config.Image,
    name: container.name,
    ...attributes,
  });
}

/** The same where the change has happened already and must be announced even if the disk is full. */
export async function saveOrWarn(world: World, container: Container): Promise<void> {
  try {
    await world.store.save(container.record);
  } catch (error) {
    world.log.error({container: container.id, error}, 'cannot save the record of the container');
  }
}

/** Writes the record. Call it before anything about a change is announced. */
export async function saveContainer(world: World, container: Container): Promise<void> {
  await world.store.save(container.record);
}
