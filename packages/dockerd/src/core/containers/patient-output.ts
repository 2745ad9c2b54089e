/**
 * Output for one client among others. A client that is far behind and stays so gets its output by way of an overflow on
 * disk, at its own pace: neither the container, nor its log, nor another client waits for it until that is full too.
 */
import {setTimeout as delay} from 'node:timers/promises';
import type {StreamName} from '../logs/log-entry.ts';
import type {Overflow} from '../ports/overflow.ts';
import type {ClientStreams} from './attach.ts';

/** Milliseconds in which a client that is behind must catch up to be waited for. */
const patienceMs = 500;
/** Bytes on disk for one client; above this the container has to wait for it after all. */
const maximumOverflow = 1024 ** 3;
const pieceSize = 256 * 1024;

type Client = Pick<ClientStreams, 'write' | 'pending' | 'drained' | 'closed'>;

export class PatientOutput {
  readonly #client: Client;
  readonly #open: () => Overflow;
  readonly #failed: (error: unknown) => void;
  #isLost = false;
  #overflow: Overflow | undefined;
  #moving: Promise<void> = Promise.resolve();
  /** Resolves when the overflow has room again. */
  #room = Promise.withResolvers<void>();

  /** `failed` is called once when the overflow does: the client cannot get the rest, everybody else goes on. */
  constructor(client: Client, open: () => Overflow, failed: (error: unknown) => void) {
    this.#client = client;
    this.#open = open;
    this.#failed = failed;
  }

  write(stream: StreamName, data: Buffer): void {
    if (this.#isLost) return;
    if (!this.#overflow) {
      this.#client.write(stream, data);
      return;
    }
    try {
      this.#overflow.append(stream, data);
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Bytes that somebody should wait for. */
  get pending(): number {
    if (this.#isLost) return 0;
    if (!this.#overflow) return this.#client.pending;
    return this.#overflow.size > maximumOverflow ? this.#overflow.size : 0;
  }

  /** Resolves when the client has taken what is pending, is gone, or is not waited for any longer. */
  async drained(): Promise<void> {
    if (this.#overflow) return this.#room.promise;
    const stop = new AbortController();
    const late = delay(patienceMs, true, {signal: stop.signal}).catch(() => false);
    const isLate = await Promise.race([late, this.#client.drained().then(() => false)]);
    stop.abort();
    if (!isLate || this.#overflow || this.#client.closed.aborted) return;
    try {
      this.#overflow = this.#open();
      this.#moving = this.#move(this.#overflow).catch(error => this.#lose(error));
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Resolves when everything is on its way to the client, or it is gone. */
  async flushed(): Promise<void> {
    await this.#moving;
  }

  /** The client has left, or is not to get the rest. */
  close(): void {
    this.#overflow?.close();
    this.#overflow = undefined;
    this.#room.resolve();
  }

  async #move(overflow: Overflow): Promise<void> {
    const gone = new Promise<void>(resolve => {
      this.#client.closed.addEventListener('abort', () => resolve(), {once: true});
    });
    while (this.#overflow === overflow && !this.#client.closed.aborted) {
      await Promise.race([this.#client.drained(), gone]);
      const piece = this.#overflow === overflow ? overflow.take(pieceSize) : undefined;
      if (!piece) break;
      this.#client.write(piece.stream, piece.data);
      if (overflow.size <= maximumOverflow) this.#hasRoom();
    }
    if (this.#overflow === overflow) this.close();
  }

  #lose(error: unknown): void {
    this.#isLost = true;
    this.close();
    this.#failed(error);
  }

  #hasRoom(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }
}
