import {ContainersDefinition} from '@longshore/api/gen/containerd/services/containers/v1/containers';
import {ContentDefinition} from '@longshore/api/gen/containerd/services/content/v1/content';
import {DiffDefinition} from '@longshore/api/gen/containerd/services/diff/v1/diff';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/events/v1/events';
import {ImagesDefinition} from '@longshore/api/gen/containerd/services/images/v1/images';
import {IntrospectionDefinition} from '@longshore/api/gen/containerd/services/introspection/v1/introspection';
import {LeasesDefinition} from '@longshore/api/gen/containerd/services/leases/v1/leases';
import {MountsDefinition} from '@longshore/api/gen/containerd/services/mounts/v1/mounts';
import {NamespacesDefinition} from '@longshore/api/gen/containerd/services/namespaces/v1/namespace';
import {ControllerDefinition, StoreDefinition} from '@longshore/api/gen/containerd/services/sandbox/v1/sandbox';
import {SnapshotsDefinition} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import {StreamingDefinition} from '@longshore/api/gen/containerd/services/streaming/v1/streaming';
import {TasksDefinition} from '@longshore/api/gen/containerd/services/tasks/v1/tasks';
import {TransferDefinition} from '@longshore/api/gen/containerd/services/transfer/v1/transfer';
import {VersionDefinition} from '@longshore/api/gen/containerd/services/version/v1/version';
import {HealthDefinition} from '@longshore/api/gen/grpc/health/v1/health';
import {TracesDefinition} from '@longshore/api/gen/longshore/trace/v1/trace';
import {type Channel, openChannel} from './call/channel.ts';
import {makeClient, type ServiceClient} from './call/make-client.ts';

/** Bytes in flight on the connection that carries blobs. */
const contentWindowBytes = 8 << 20;

export interface ClientOptions {
  /** Path of containerd's socket, `unix://` before it allowed. */
  address: string;
  /**
   * For how long a call that finds no containerd at the address tries again, in milliseconds: one that is restarted is
   * not there for a moment. 0 without it.
   */
  patienceMs?: number;
}

/**
 * All services of one containerd. Nothing is dialled before the first call, and a lost connection is made anew by the
 * next one; the call that was cut fails with `unavailable`. Blobs and events have connections of their own, so that a
 * slow reader of those holds up nothing else.
 */
export interface ContainerdClient extends Disposable {
  readonly address: string;
  readonly containers: ServiceClient<ContainersDefinition>;
  readonly content: ServiceClient<ContentDefinition>;
  readonly diff: ServiceClient<DiffDefinition>;
  /** To subscribe, use `subscribeEvents`. */
  readonly events: ServiceClient<EventsDefinition>;
  readonly health: ServiceClient<HealthDefinition>;
  readonly images: ServiceClient<ImagesDefinition>;
  readonly introspection: ServiceClient<IntrospectionDefinition>;
  readonly leases: ServiceClient<LeasesDefinition>;
  readonly mounts: ServiceClient<MountsDefinition>;
  readonly namespaces: ServiceClient<NamespacesDefinition>;
  readonly sandboxController: ServiceClient<ControllerDefinition>;
  readonly sandboxStore: ServiceClient<StoreDefinition>;
  readonly snapshots: ServiceClient<SnapshotsDefinition>;
  readonly streaming: ServiceClient<StreamingDefinition>;
  readonly tasks: ServiceClient<TasksDefinition>;
  /** An addition of Longshore's; other containerds answer unimplemented. */
  readonly traces: ServiceClient<TracesDefinition>;
  readonly transfer: ServiceClient<TransferDefinition>;
  readonly version: ServiceClient<VersionDefinition>;
  /** The connection of event streams, for `subscribeEvents`. */
  readonly eventChannel: Channel;
}

/**
 * The services that images are made of: all that the helpers for content and images use. A containerd gives them its
 * own, without a wire.
 */
export type ImageServices = Pick<ContainerdClient, 'content' | 'diff' | 'images' | 'leases' | 'snapshots'> & {
  /** Set where calls go through no connection, which could stand still. */
  readonly isLocal?: true;
};

export function openClient(options: ClientOptions): ContainerdClient {
  const {address, patienceMs} = options;
  const control = openChannel(address, {patienceMs});
  const bulk = openChannel(address, {patienceMs, windowBytes: contentWindowBytes});
  const eventChannel = openChannel(address);
  return {
    address: control.address,
    containers: makeClient(control, ContainersDefinition),
    content: makeClient(bulk, ContentDefinition),
    diff: makeClient(control, DiffDefinition),
    events: makeClient(eventChannel, EventsDefinition),
    health: makeClient(control, HealthDefinition),
    images: makeClient(control, ImagesDefinition),
    introspection: makeClient(control, IntrospectionDefinition),
    leases: makeClient(control, LeasesDefinition),
    mounts: makeClient(control, MountsDefinition),
    namespaces: makeClient(control, NamespacesDefinition),
    sandboxController: makeClient(control, ControllerDefinition),
    sandboxStore: makeClient(control, StoreDefinition),
    snapshots: makeClient(control, SnapshotsDefinition),
    streaming: makeClient(bulk, StreamingDefinition),
    tasks: makeClient(control, TasksDefinition),
    traces: makeClient(control, TracesDefinition),
    transfer: makeClient(control, TransferDefinition),
    version: makeClient(control, VersionDefinition),
    eventChannel,
    [Symbol.dispose]: () => {
      for (const channel of [control, bulk, eventChannel]) channel[Symbol.dispose]();
    },
  };
}
