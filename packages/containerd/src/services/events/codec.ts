/** Events in their wire form: bare protobuf type names, and fields of any known event by their names. */

import type {MessageType} from '@longshore/api';
import {ContainerCreate, ContainerDelete, ContainerUpdate} from '@longshore/api/gen/containerd/events/container';
import {ContentCreate, ContentDelete} from '@longshore/api/gen/containerd/events/content';
import {NamespaceCreate, NamespaceDelete, NamespaceUpdate} from '@longshore/api/gen/containerd/events/namespace';
import {SandboxCreate, SandboxExit, SandboxStart} from '@longshore/api/gen/containerd/events/sandbox';
import {SnapshotCommit, SnapshotPrepare, SnapshotRemove} from '@longshore/api/gen/containerd/events/snapshot';
import {
  TaskCheckpointed,
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
} from '@longshore/api/gen/containerd/events/task';
import {ImageCreate, ImageDelete, ImageUpdate} from '@longshore/api/gen/containerd/services/images/v1/images';
import {protobufTypeUrl as url} from '@longshore/api/type-urls';
import type {EngineEvent, EventCodec} from '../../core/events/events.ts';
import type {TypedValue} from '../../core/metadata/records.ts';

const types = {
  [url.namespaceCreate]: NamespaceCreate,
  [url.namespaceUpdate]: NamespaceUpdate,
  [url.namespaceDelete]: NamespaceDelete,
  [url.containerCreate]: ContainerCreate,
  [url.containerUpdate]: ContainerUpdate,
  [url.containerDelete]: ContainerDelete,
  [url.imageCreate]: ImageCreate,
  [url.imageUpdate]: ImageUpdate,
  [url.imageDelete]: ImageDelete,
  [url.contentCreate]: ContentCreate,
  [url.contentDelete]: ContentDelete,
  [url.snapshotPrepare]: SnapshotPrepare,
  [url.snapshotCommit]: SnapshotCommit,
  [url.snapshotRemove]: SnapshotRemove,
  [url.sandboxCreate]: SandboxCreate,
  [url.sandboxStart]: SandboxStart,
  [url.sandboxExit]: SandboxExit,
  [url.taskCreate]: TaskCreate,
  [url.taskStart]: TaskStart,
  [url.taskExit]: TaskExit,
  [url.taskDelete]: TaskDelete,
  [url.taskOom]: TaskOOM,
  [url.taskExecAdded]: TaskExecAdded,
  [url.taskExecStarted]: TaskExecStarted,
  [url.taskPaused]: TaskPaused,
  [url.taskResumed]: TaskResumed,
  [url.taskCheckpointed]: TaskCheckpointed,
} as const;

const urlOfTopic = {
  '/namespaces/create': url.namespaceCreate,
  '/namespaces/update': url.namespaceUpdate,
  '/namespaces/delete': url.namespaceDelete,
  '/containers/create': url.containerCreate,
  '/containers/update': url.containerUpdate,
  '/containers/delete': url.containerDelete,
  '/images/create': url.imageCreate,
  '/images/update': url.imageUpdate,
  '/images/delete': url.imageDelete,
  '/content/create': url.contentCreate,
  '/content/delete': url.contentDelete,
  '/snapshot/prepare': url.snapshotPrepare,
  '/snapshot/commit': url.snapshotCommit,
  '/snapshot/remove': url.snapshotRemove,
  '/sandboxes/create': url.sandboxCreate,
  '/sandboxes/start': url.sandboxStart,
  '/sandboxes/exit': url.sandboxExit,
  '/tasks/exit': url.taskExit,
  '/tasks/delete': url.taskDelete,
} as const satisfies Record<EngineEvent['topic'], keyof typeof types>;

export const eventCodec: EventCodec = {
  encode(event) {
    const typeUrl = urlOfTopic[event.topic];
    const type = types[typeUrl] as MessageType<unknown>;
    // The fields of an EngineEvent are named as those of its message; fromPartial leaves the others out.
    return {typeUrl, value: type.encode(type.fromPartial(fieldsOf(event) as never)).finish()};
  },
  field: (event, path) => fieldOf(event, path),
};

function fieldsOf(event: EngineEvent): Record<string, unknown> {
  const {topic: _topic, ...fields} = event;
  return fields;
}

/** `container_id`, `image_name` and so on: proto names, one level or a map with its key. */
function fieldOf({typeUrl, value}: TypedValue, path: readonly string[]): string | undefined {
  const type = types[typeUrl.slice(typeUrl.lastIndexOf('/') + 1) as keyof typeof types];
  if (!type) return undefined;
  let found: unknown = type.decode(value);
  for (const [depth, name] of path.entries()) {
    if (typeof found !== 'object' || found === null) return undefined;
    const fields = found as Record<string, unknown>;
    const rest = path.slice(depth).join('.');
    if (Object.hasOwn(fields, rest)) return plain(fields[rest]);
    found = fields[camelCase(name)];
  }
  return plain(found);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function plain(value: unknown): string | undefined {
  return typeof value === 'object' || value === undefined ? undefined : String(value);
}
