import type {Socket} from 'node:net';
import type {SocketReader} from './socket-reader.ts';

/**
 * A connection after the HTTP head: two byte streams that close independently. The holder owns it and must end in
 * `close()` or `destroy()`.
 */
export class RawConnection implements AsyncIterable<Buffer> {
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #closed = new AbortController();

  constructor(socket: Socket, reader: SocketReader) {
    this.#socket = socket;
    this.#reader = reader;
    const onClose = () => this.#closed.abort(new DOMException('the connection is closed', 'AbortError'));
    if (socket.destroyed) onClose();
    else socket.once('close', onClose);
  }

  /** Aborted when neither side can write any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The next bytes from the client; undefined once it has closed its side. */
  read(): Promise<Buffer | undefined> {
    return this.#reader.read();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (let data = await this.read(); data; data = await this.read()) yield data;
  }

  /** False when the client is slow: wait for `drained()` before the next write. Bytes after the end are dropped. */
  write(data: Uint8Array | string): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true;
    return this.#socket.write(data);
  }

  /** Bytes that were written but not taken by the kernel yet. */
  get pending(): number {
    return this.#socket.writableLength;
  }

  /** Resolves when the client has taken what was written, or is gone. */
  drained(): Promise<void> {
    return drained(this.#socket);
  }

  /** Tells the client that nothing more comes; it may go on sending. */
  endWrite(): void {
    if (!this.#socket.destroyed) this.#socket.end();
  }

  /** Ends our side and waits until the client has taken everything, then forgets what it still sends. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>(resolve => {
      this.#socket.once('close', () => resolve());
      if (this.#socket.writableEnded) resolve();
      else this.#socket.end(() => resolve());
    });
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Resolves when the socket's buffer has been written, or the socket is gone. */
export async function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return;
  await new Promise<void>(resolve => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
