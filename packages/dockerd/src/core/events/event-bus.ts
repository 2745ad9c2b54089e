/** The event stream of the engine: who did what to which object. */
import {AsyncQueue} from '@longshore/base';

export type EventType = 'builder' | 'container' | 'daemon' | 'image' | 'network' | 'volume';

export interface EngineEvent {
  type: EventType;
  /** `start`, `exec_create: true `, `health_status: healthy`. */
  action: string;
  actor: {id: string; attributes: Record<string, string>};
  /** Nanoseconds since the epoch. */
  timeNano: bigint;
}

/** How many events `since` can look back on. */
const kept = 256;
/** A subscriber that is this far behind loses its subscription. */
const subscriberLimit = 1024;

export class EventBus {
  readonly #recent: EngineEvent[] = [];
  readonly #subscribers = new Set<AsyncQueue<EngineEvent>>();
  readonly #onPublish: () => void;

  /** `onPublish` hears of every event, for counting. */
  constructor(onPublish: () => void = () => {}) {
    this.#onPublish = onPublish;
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Announces something that has happened, and is on disk if it has to be. */
  publish(type: EventType, action: string, id: string, attributes: Record<string, string> = {}): void {
    const event: EngineEvent = {type, action, actor: {id, attributes}, timeNano: nowNano()};
    this.#onPublish();
    this.#recent.push(event);
    if (this.#recent.length > kept) this.#recent.shift();
    for (const queue of this.#subscribers) {
      if (!queue.push(event)) this.#drop(queue, new Error('the subscriber does not keep up'));
    }
  }

  /** The kept events from `since` on, and a queue of what follows. End the queue to unsubscribe. */
  subscribe(since?: bigint): {past: EngineEvent[]; live: AsyncQueue<EngineEvent>; close(): void} {
    const live = new AsyncQueue<EngineEvent>(subscriberLimit);
    this.#subscribers.add(live);
    const past = since === undefined ? [] : this.#recent.filter(event => event.timeNano >= since);
    return {past, live, close: () => this.#drop(live)};
  }

  #drop(queue: AsyncQueue<EngineEvent>, error?: Error): void {
    this.#subscribers.delete(queue);
    queue.end(error);
  }
}

let lastNano = 0n;

/** The clock in nanoseconds; strictly rising, so that events keep their order when sorted. */
export function nowNano(): bigint {
  const sinceStart = BigInt(Math.round(performance.now() * 1e6));
  const now = startNano + sinceStart;
  const adjusted = clockDrift(now);
  lastNano = adjusted > lastNano ? adjusted : lastNano + 1n;
  return lastNano;
}

const startNano = BigInt(Math.round(performance.timeOrigin * 1e6));

/** Follows the wall clock when it is set while the daemon runs. */
function clockDrift(now: bigint): bigint {
  const wall = BigInt(Date.now()) * 1_000_000n;
  const difference = now - wall;
  return difference > 5_000_000n || difference < -5_000_000n ? wall : now;
}
