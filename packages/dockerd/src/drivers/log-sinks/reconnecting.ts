/** A stream connection that is made again when it breaks. */
import {sleep} from '@longshore/base';
import {type Endpoint, StreamConnection} from './stream-connection.ts';

export interface RetryPolicy {
  /** Further attempts after the first one has failed. */
  attempts: number;
  /** Milliseconds before the attempt of this number (from 1 on). */
  delayMs(attempt: number): number;
}

export class ReconnectingStream {
  readonly #endpoint: Endpoint;
  readonly #policy: RetryPolicy;
  #connection: StreamConnection | undefined;

  constructor(endpoint: Endpoint, policy: RetryPolicy) {
    this.#endpoint = endpoint;
    this.#policy = policy;
  }

  /** Makes the first connection, without retries. */
  async connect(signal?: AbortSignal): Promise<void> {
    this.#connection = await StreamConnection.dial(this.#endpoint, signal);
  }

  /**
   * Does some work with a connection; when it fails it is done again with a new one, after the policy's delays. Throws
   * the last failure.
   */
  async run(work: (connection: StreamConnection) => Promise<void>, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (this.#connection?.isBroken) await this.drop();
        this.#connection ??= await StreamConnection.dial(this.#endpoint, signal);
        return await work(this.#connection);
      } catch (error) {
        await this.drop();
        if (signal.aborted || attempt >= this.#policy.attempts) throw error;
        await sleep(this.#policy.delayMs(attempt + 1), signal);
      }
    }
  }

  /** The next piece of work gets a new connection. */
  async drop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close(AbortSignal.abort());
  }

  async close(signal: AbortSignal): Promise<void> {
    await this.#connection?.close(signal);
  }
}
