/** Standard input and output of one process: from the URIs of a request to the descriptors that the runtime gets. */
import type {Logger} from '@longshore/base';
import type {Reaper} from '../reaper.ts';
import type {Streams} from '../streams/streams.ts';
import {PlainIo} from './plain-io.ts';
import {isStreamingUri} from './stdio-uri.ts';
import {TerminalIo} from './terminal-io.ts';

/** As in Create and Exec requests: a FIFO's path, a `file://`, `binary://` or stream's URI, or empty for /dev/null. */
export interface StdioUris {
  stdin: string;
  stdout: string;
  stderr: string;
  terminal: boolean;
}

export interface StdioOwner {
  containerId: string;
  bundle: string;
  namespace: string;
  reaper: Reaper;
  log: Logger;
  /** Such descriptors only that CRIU can save: no FIFOs. */
  checkpoints: boolean;
  /**
   * The process only waits until Start: until `attach` nobody but the runtime can have printed anything. False for
   * execs and restores, which run at once.
   */
  startsLater: boolean;
  /** Environment of log programs. */
  env: Record<string, string | undefined>;
  /** Owner that the FIFOs and pipes get (options IoUid and IoGid); 0 leaves them as they are. */
  uid: number;
  gid: number;
  /** The streams that clients open on the shim's socket. */
  streams: Streams;
}

/** The shim's side of a process's stdio. The order of calls is: childFds, attach, (resize, closeStdin)*, drained, close. */
export interface ProcessIo {
  /** Descriptors 0 to 2 of the runtime process; -1 is /dev/null. Valid until `attach`. */
  readonly childFds: readonly number[];
  /** Where the runtime sends the terminal; undefined without one. */
  readonly consoleSocket: string | undefined;
  /** The runtime has started the process: lets go of the child's descriptors, or takes its terminal and copies. */
  attach(): Promise<void>;
  /** The client is done with input: the process reads the end of file once the client has closed its side too. */
  closeStdin(): void;
  /** Nothing to do without a terminal. */
  resize(columns: number, rows: number): void;
  /** Resolves when everything that the process wrote is in the client's FIFO. */
  drained(): Promise<void>;
  close(): void;
}

/** Opens what the URIs name. Throws not-found for a missing FIFO, unimplemented for a scheme that is not served. */
export async function openStdio(uris: StdioUris, owner: StdioOwner): Promise<ProcessIo> {
  const open = (inner: StdioUris) => (inner.terminal ? TerminalIo.open(inner, owner) : PlainIo.open(inner, owner));
  if (![uris.stdin, uris.stdout, uris.stderr].some(isStreamingUri)) return open(uris);
  const {openStreamedIo} = await import('../streams/streamed-io.ts');
  return openStreamedIo(uris, owner, open);
}
