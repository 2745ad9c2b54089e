/** The live output of one container, for all who are attached to it. */
import type {StreamName} from '../logs/log-entry.ts';
import type {OutputReceiver} from '../ports/container-io.ts';

/** Somebody who is attached. */
export interface OutputSubscriber {
  wants(stream: StreamName): boolean;
  write(stream: StreamName, data: Buffer): void;
  /** Bytes that were written but not taken yet. */
  readonly pending: number;
  /** Something of what was written may still be in use. */
  readonly holds: boolean;
  /** Resolves when it has taken what is pending, or is gone. */
  drained(): Promise<void>;
  /** The container has ended: nothing more comes. */
  end(): void;
}

/**
 * A subscriber may lag this far behind before the container has to wait for it. Far more than a pipe, so that a client
 * that stops for a moment slows nobody down; bounded, since the memory is the daemon's, and since what waits in a socket
 * is moved each time a part of it goes out: with 8 MiB attached output was a third slower.
 */
const maximumPending = 1024 * 1024;

export class OutputHub implements OutputReceiver {
  readonly #subscribers = new Set<OutputSubscriber>();

  get size(): number {
    return this.#subscribers.size;
  }

  /** Dispose to leave. */
  subscribe(subscriber: OutputSubscriber): Disposable {
    this.#subscribers.add(subscriber);
    return {[Symbol.dispose]: () => void this.#subscribers.delete(subscriber)};
  }

  deliver(stream: StreamName, data: Buffer): void {
    for (const subscriber of this.#subscribers) if (subscriber.wants(stream)) subscriber.write(stream, data);
  }

  congestion(): Promise<void> | undefined {
    const slow = [...this.#subscribers].filter(({pending}) => pending > maximumPending);
    return slow.length === 0 ? undefined : Promise.all(slow.map(each => each.drained())).then(() => {});
  }

  keepsNothing(): boolean {
    for (const {holds} of this.#subscribers) if (holds) return false;
    return true;
  }

  /** The container has ended: lets everybody go. */
  end(): void {
    for (const subscriber of this.#subscribers) subscriber.end();
    this.#subscribers.clear();
  }
}
