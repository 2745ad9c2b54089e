/** A process's side of a stream: messages to and from the client that has it open at the moment. */
import type {Any} from '@longshore/api/gen/google/protobuf/any';

export interface StreamEnd {
  /**
   * Talks to one client, until it leaves (`signal` aborts, or its messages end) or the stream has ended. What it has not
   * taken is there for the next one.
   */
  serve(incoming: AsyncIterator<Any>, signal: AbortSignal): AsyncIterable<Any>;
}

/** Lets one waiter sleep until something has changed. */
export class Change {
  #wake: (() => void) | undefined;

  notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  wait(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}
