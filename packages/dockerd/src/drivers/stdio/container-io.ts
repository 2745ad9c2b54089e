/** The FIFOs, spools and log of running containers, under `<exec-root>/containerd/<id>`. */
import {rmSync} from 'node:fs';
import {mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {ContainerIo, ContainerIoFactory, ContainerIoRequest, LogLocation} from '../../core/ports/container-io.ts';
import type {LogReader} from '../../core/ports/log-driver.ts';
import type {Owner} from '../../core/users/remapping.ts';
import type {FileLogWriter} from '../file-log/file-log-writer.ts';
import {openLogReader} from './log-choice.ts';
import {makeFifos} from './make-fifos.ts';
import {OutputPump} from './output-pump.ts';
import {readPiece} from './read-piece.ts';
import {Recording} from './recording.ts';
import type {Spool} from './spool.ts';
import {StdinPipe} from './stdin-pipe.ts';

export class StdioDriver implements ContainerIoFactory {
  readonly #root: string;
  readonly #log: Logger;
  readonly #owner: Owner | undefined;
  /** Writers of running containers, for readers that follow. */
  readonly #writers = new Map<string, FileLogWriter>();

  /** `root` is `<exec-root>/containerd`; `owner` the root of remapped containers. */
  constructor(root: string, log: Logger, owner?: Owner) {
    this.#owner = owner;
    this.#root = root;
    this.#log = log;
  }

  async create(request: ContainerIoRequest): Promise<ContainerIo> {
    await this.discard(request.containerId);
    const directory = this.#directory(request.containerId);
    await mkdir(directory, {recursive: true, mode: 0o700});
    makeFifos(fifoPaths(directory, request), this.#owner);
    return this.#open(request, false);
  }

  async reopen(request: ContainerIoRequest): Promise<ContainerIo> {
    return this.#open(request, true);
  }

  openLog(location: LogLocation): LogReader {
    return openLogReader(location, this.#writers.get(location.containerId));
  }

  async sweep(known: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#root).catch(() => []); // before the first container there is no directory
    const unknown = names.filter(name => /^[0-9a-f]{64}$/.test(name) && !known.has(name));
    await Promise.all(unknown.map(id => this.discard(id)));
  }

  async discard(containerId: string): Promise<void> {
    await rm(this.#directory(containerId), {recursive: true, force: true});
  }

  async #open(request: ContainerIoRequest, isReopened: boolean): Promise<ContainerIo> {
    const {containerId} = request;
    const directory = this.#directory(containerId);
    const io = await openContainerIo(directory, fifoPaths(directory, request), request, isReopened, this.#log);
    if (io.writer) this.#writers.set(containerId, io.writer);
    io.onClose = () => {
      if (this.#writers.get(containerId) === io.writer) this.#writers.delete(containerId);
    };
    return io;
  }

  #directory(containerId: string): string {
    return join(this.#root, containerId);
  }
}

/** With a terminal there is one output stream. */
function fifoPaths(directory: string, {containerId, stdin, tty}: ContainerIoRequest): ContainerIo['paths'] {
  const path = (name: string) => join(directory, `${containerId}-${name}`);
  return {stdin: stdin ? path('stdin') : '', stdout: path('stdout'), stderr: tty ? '' : path('stderr')};
}

class OpenContainerIo implements ContainerIo {
  readonly paths: ContainerIo['paths'];
  readonly stdin: StdinPipe | undefined;
  onClose: () => void = () => {};
  readonly #directory: string;
  readonly #pumps: OutputPump[];
  readonly #recording: Recording | undefined;

  constructor(
    directory: string,
    paths: ContainerIo['paths'],
    stdin: StdinPipe | undefined,
    pumps: OutputPump[],
    recording: Recording | undefined,
  ) {
    this.#directory = directory;
    this.paths = paths;
    this.stdin = stdin;
    this.#pumps = pumps;
    this.#recording = recording;
  }

  /** For readers that follow; undefined when nothing is logged. */
  get writer(): FileLogWriter | undefined {
    return this.#recording?.fileWriter;
  }

  attached(): void {
    this.stdin?.releaseGuard();
  }

  async finish(): Promise<void> {
    using _limit = this.#recording?.expectEnd();
    await Promise.all(this.#pumps.map(pump => pump.finish()));
    this.#recording?.flush();
    await this.#close();
    // Synchronous: a few small files on a tmpfs, and the exit of a container waits for it.
    rmSync(this.#directory, {recursive: true, force: true});
  }

  async abandon(): Promise<void> {
    for (const pump of this.#pumps) pump.close();
    await this.#close();
  }

  async #close(): Promise<void> {
    this.stdin?.close();
    await this.#recording?.close();
    this.onClose();
  }
}

async function openContainerIo(
  directory: string,
  paths: ContainerIo['paths'],
  request: ContainerIoRequest,
  isReopened: boolean,
  log: Logger,
): Promise<OpenContainerIo> {
  const streams = (['stdout', 'stderr'] as const).filter(stream => paths[stream] !== '');
  const stdin = paths.stdin ? new StdinPipe(paths.stdin) : undefined;
  if (request.log.driver === 'none') {
    const open = (stream: StreamName) => new OutputPump(paths[stream], stream, readPiece, request.receiver, log);
    return new OpenContainerIo(directory, paths, stdin, streams.map(open), undefined);
  }
  const recording = await openRecording(directory, streams, request, isReopened, log, stdin);
  const receiver = recording.receiver(request.receiver);
  const pumps = streams.map(stream => {
    const spool = recording.spools.get(stream) as Spool;
    return new OutputPump(paths[stream], stream, fifo => spool.take(fifo), receiver, log);
  });
  return new OpenContainerIo(directory, paths, stdin, pumps, recording);
}

/** A log that cannot be opened fails the start: the pipe that is open already must not stay. */
async function openRecording(
  directory: string,
  streams: readonly StreamName[],
  request: ContainerIoRequest,
  isReopened: boolean,
  log: Logger,
  stdin: StdinPipe | undefined,
): Promise<Recording> {
  try {
    return await Recording.open({directory, streams, request: request.log, isReopened, log});
  } catch (error) {
    stdin?.close();
    if (!isReopened) await rm(directory, {recursive: true, force: true});
    throw error;
  }
}
