/**
 * Sends task events to containerd: in order, one at a time, for as long as it takes. containerd may be down for an
 * hour; what happened meanwhile is told when it is back. The queue is bounded, and while it is empty nothing runs.
 */

import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import type {Any} from '@longshore/api/gen/google/protobuf/any';
import {backoff, type FinishedSpan, type Logger} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import {realTime} from '@longshore/linux';
import {timestamp} from './timestamp.ts';

/** Delivers one event. Rejects with unavailable (or another transient code) when it should be tried again. */
export interface EventTransport extends Disposable {
  forward(envelope: Envelope): Promise<void>;
  /** Hands spans over; absent where there is no way to. */
  report?(spans: FinishedSpan[]): Promise<void>;
}

export interface PublisherOptions {
  namespace: string;
  transport: EventTransport;
  log: Logger;
  /** Waits between attempts; tests shorten them. Milliseconds. */
  retry?: {initial: number; max: number};
}

/** Events that wait for containerd. A shim makes new ones only when its container does something by itself. */
export const queueCapacity = 2048;
/** Attempts for an event that containerd itself refuses. */
const maximumRefusals = 5;

type Queued = {envelope: Envelope; refusals: number};

export class Publisher implements Disposable {
  readonly #options: PublisherOptions;
  readonly #queue: Queued[] = [];
  #sending = false;
  #closed = false;
  #failures = 0;
  #wakeUp: (() => void) | undefined;
  #onEmpty: (() => void)[] = [];

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#queue.length;
  }

  /** Puts an event in the queue, with the current time. Never waits and never throws. */
  publish(topic: string, event: Any): void {
    if (this.#closed) return;
    if (this.#queue.length >= queueCapacity) {
      this.#options.log.error({topic}, 'event dropped: too many wait for containerd');
      return;
    }
    const {namespace} = this.#options;
    this.#queue.push({envelope: {timestamp: timestamp(realTime()), namespace, topic, event}, refusals: 0});
    if (!this.#sending) void this.#sendAll();
  }

  /** containerd seems to be back: tries again now instead of at the end of the pause. */
  retryNow(): void {
    this.#failures = 0;
    this.#wakeUp?.();
  }

  /** Resolves when the queue is empty, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#queue.length === 0) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.retryNow();
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#wakeUp?.();
    this.#options.transport[Symbol.dispose]();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let head = this.#queue[0]; head && !this.#closed; head = this.#queue[0]) {
      if (await this.#send(head)) this.#queue.shift();
      else await this.#pause();
    }
    this.#sending = false;
    for (const done of this.#onEmpty.splice(0)) done();
  }

  /** True when the event is dealt with: delivered or given up. */
  async #send(item: Queued): Promise<boolean> {
    const {log, transport} = this.#options;
    const {topic} = item.envelope;
    try {
      await transport.forward(item.envelope);
      this.#failures = 0;
      return true;
    } catch (error) {
      if (this.#closed) return true;
      this.#failures++;
      const transient = isErrorCode(error, 'unavailable', 'deadline-exceeded', 'not-found', 'permission-denied');
      if (!transient) item.refusals++;
      const givenUp = item.refusals >= maximumRefusals;
      if (givenUp) log.error({error, topic}, 'event given up: containerd refuses it');
      else if (this.#failures === 1) log.warn({error, topic}, 'event not delivered, will try again');
      return givenUp;
    }
  }

  async #pause(): Promise<void> {
    const wait = backoff(Math.max(0, this.#failures - 1), this.#options.retry ?? {initial: 50, max: 10_000});
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, wait);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = undefined;
  }
}
