/**
 * What ttrpc needs of a connection: a part of `net.Socket`, which satisfies it. A process that cannot afford Node's
 * streams may bring a smaller thing with the same behaviour.
 */
export interface ByteStream {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Queues what the kernel does not take at once. */
  write(bytes: Uint8Array): unknown;
  /** Nothing more will be written; `done` is called when everything queued was sent. It may close by itself then. */
  end(done: () => void): unknown;
  /** Closes at once; "close" follows. */
  destroy(): unknown;
  readonly destroyed: boolean;
  /** No "data" between these two. */
  pause(): unknown;
  resume(): unknown;
  /** Bytes that are queued. */
  readonly writableLength: number;
  /** True from a write that filled the queue until "drain". */
  readonly writableNeedDrain: boolean;
}
