/** The context of one served call. Timers and signals are made only when a handler asks for the signal. */
import type {Logger} from '@longshore/base';
import {firstValue, type Metadata, namespaceKey, traceparentOf} from './metadata.ts';
import type {ServerCallContext} from './service-types.ts';
import {closedError, deadlineError} from './status.ts';

export class ServerCall implements ServerCallContext {
  readonly log: Logger;
  readonly metadata: Metadata;
  readonly deadline: number | undefined;
  readonly lease = '';
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reason: unknown;

  constructor(log: Logger, metadata: Metadata, timeoutNano: bigint) {
    this.log = log;
    this.metadata = metadata;
    this.deadline = timeoutNano > 0n ? Date.now() + Number(timeoutNano) / 1e6 : undefined;
  }

  get namespace(): string {
    return firstValue(this.metadata, namespaceKey);
  }

  get traceparent(): string {
    return traceparentOf(this.metadata);
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
      else if (this.deadline !== undefined) this.#startTimer(this.deadline);
    }
    return this.#controller.signal;
  }

  /** The peer is gone: nobody waits for the answer any more. */
  cancel(): void {
    this.#abort(closedError());
  }

  /** The answer was sent. */
  finish(): void {
    clearTimeout(this.#timer);
  }

  #startTimer(deadline: number): void {
    // A timer cannot take more than 2^31-1 ms; a deadline further away than 24 days is none.
    const left = deadline - Date.now();
    if (left < 2 ** 31) this.#timer = setTimeout(() => this.#abort(deadlineError()), Math.max(0, left));
  }

  #abort(reason: unknown): void {
    this.#reason ??= reason;
    clearTimeout(this.#timer);
    this.#controller?.abort(this.#reason);
  }
}
