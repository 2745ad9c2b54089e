/** Payloads of containerd's events as the JSON that ctr prints: snake_case, empty fields left out. */
import type {MessageType} from '@longshore/api';
import {ContainerCreate, ContainerDelete, ContainerUpdate} from '@longshore/api/gen/containerd/events/container';
import {ContentCreate, ContentDelete} from '@longshore/api/gen/containerd/events/content';
import {NamespaceCreate, NamespaceDelete, NamespaceUpdate} from '@longshore/api/gen/containerd/events/namespace';
import {SandboxCreate, SandboxExit, SandboxStart} from '@longshore/api/gen/containerd/events/sandbox';
import {SnapshotCommit, SnapshotPrepare, SnapshotRemove} from '@longshore/api/gen/containerd/events/snapshot';
import * as tasks from '@longshore/api/gen/containerd/events/task';
import {ImageCreate, ImageDelete, ImageUpdate} from '@longshore/api/gen/containerd/services/images/v1/images';
import type {Any} from '@longshore/containerd-client';
import {sortedMap} from './table.ts';

// biome-ignore lint/suspicious/noExplicitAny: a table of messages of any type
const types: Record<string, MessageType<any>> = {
  ContainerCreate,
  ContainerDelete,
  ContainerUpdate,
  ContentCreate,
  ContentDelete,
  NamespaceCreate,
  NamespaceDelete,
  NamespaceUpdate,
  SandboxCreate,
  SandboxExit,
  SandboxStart,
  SnapshotCommit,
  SnapshotPrepare,
  SnapshotRemove,
  ImageCreate,
  ImageDelete,
  ImageUpdate,
  TaskCheckpointed: tasks.TaskCheckpointed,
  TaskCreate: tasks.TaskCreate,
  TaskDelete: tasks.TaskDelete,
  TaskExecAdded: tasks.TaskExecAdded,
  TaskExecStarted: tasks.TaskExecStarted,
  TaskExit: tasks.TaskExit,
  TaskIO: tasks.TaskIO,
  TaskOOM: tasks.TaskOOM,
  TaskPaused: tasks.TaskPaused,
  TaskResumed: tasks.TaskResumed,
  TaskStart: tasks.TaskStart,
};

export function decodeEvent(event: Any): string {
  const name = event.typeUrl.slice(event.typeUrl.lastIndexOf('.') + 1);
  const type = types[name];
  if (!type) return JSON.stringify({type_url: event.typeUrl, value: Buffer.from(event.value).toString('base64')});
  return JSON.stringify(plain(type.decode(event.value)));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).flatMap(([key, field]) => {
    const shown = key === 'labels' || key === 'annotations' ? sortedMap(field) : plain(field);
    return isEmpty(shown) ? [] : [[key.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`), shown]];
  });
  return Object.fromEntries(fields);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  // A map; a message has its fields, if only with their defaults.
  return typeof value === 'object' && Object.keys(value).length === 0;
}
