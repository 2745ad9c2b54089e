/** What containerd itself announces. Shims send their own events, which pass through unread. */
import type {TypedValue} from '../metadata/records.ts';
import type {Labels} from '../names.ts';
import type {Timestamp} from '../time.ts';

export type EngineEvent =
  | {topic: '/namespaces/create' | '/namespaces/update'; name: string; labels: Labels}
  | {topic: '/namespaces/delete'; name: string}
  | {topic: '/containers/create'; id: string; image: string; runtime: {name: string; options?: TypedValue}}
  | {topic: '/containers/update'; id: string; image: string; labels: Labels; snapshotKey: string}
  | {topic: '/containers/delete'; id: string}
  | {topic: '/images/create' | '/images/update'; name: string; labels: Labels}
  | {topic: '/images/delete'; name: string}
  | {topic: '/content/create'; digest: string; size: number}
  | {topic: '/content/delete'; digest: string}
  | {topic: '/snapshot/prepare'; snapshotter: string; key: string; parent: string}
  | {topic: '/snapshot/commit'; snapshotter: string; key: string; name: string}
  | {topic: '/snapshot/remove'; snapshotter: string; key: string}
  | {topic: '/sandboxes/create' | '/sandboxes/start'; sandboxId: string}
  | {topic: '/sandboxes/exit'; sandboxId: string; exitStatus: number; exitedAt: Timestamp}
  | {
      topic: '/tasks/exit';
      containerId: string;
      id: string;
      pid: number;
      exitStatus: number;
      exitedAt: Timestamp;
    }
  | {topic: '/tasks/delete'; containerId: string; pid: number; exitStatus: number; exitedAt: Timestamp};

/** An event on its way: who publishes it does not matter any more. */
export interface Envelope {
  readonly timestamp: Timestamp;
  readonly namespace: string;
  readonly topic: string;
  readonly event: TypedValue;
}

export interface EventPublisher {
  /** Hands an event to every subscriber; call it when what it tells is durable. Never fails, never waits. */
  publish(namespace: string, event: EngineEvent): void;
}

/** Between events and their wire form; the core does not know that form. */
export interface EventCodec {
  encode(event: EngineEvent): TypedValue;
  /** The field of an encoded event that a filter such as `event.container_id==x` names. */
  field(event: TypedValue, path: readonly string[]): string | undefined;
}
