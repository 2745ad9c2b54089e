/** The FIFOs, spools and log of running containers, under `<exec-root>/containerd/<id>`. */
import {rmSync} from 'node:fs';
import {mkdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import {mkfifo} from '@longshore/linux';
import type {StreamName} from '../../core/logs/log-entry.ts';
import {StreamRecorder} from '../../core/logs/stream-recorder.ts';
import type {
  ContainerIo,
  ContainerIoFactory,
  ContainerIoRequest,
  LogRequest,
  OutputReceiver,
} from '../../core/ports/container-io.ts';
import type {LogReader} from '../../core/ports/log-driver.ts';
import type {JsonLogWriter, LogCheckpoint} from '../json-log/json-log-writer.ts';
import {CheckpointFile} from './checkpoint-file.ts';
import {type LogPosition, openLogReader, openLogWriter, recoverPositions} from './log-choice.ts';
import {OutputPump} from './output-pump.ts';
import {readPiece} from './read-piece.ts';
import {Spool} from './spool.ts';
import {StdinPipe} from './stdin-pipe.ts';

/** The log may be this far behind before reading stops. */
const maximumBacklog = 1024 * 1024;

export class StdioDriver implements ContainerIoFactory {
  readonly #root: string;
  readonly #log: Logger;
  /** Writers of running containers, for readers that follow. */
  readonly #writers = new Map<string, JsonLogWriter>();

  /** `root` is `<exec-root>/containerd`. */
  constructor(root: string, log: Logger) {
    this.#root = root;
    this.#log = log;
  }

  async create(request: ContainerIoRequest): Promise<ContainerIo> {
    await this.discard(request.containerId);
    const directory = this.#directory(request.containerId);
    await mkdir(directory, {recursive: true, mode: 0o700});
    for (const path of Object.values(fifoPaths(directory, request))) if (path) mkfifo(path, 0o700);
    return this.#open(request, undefined);
  }

  async reopen(request: ContainerIoRequest): Promise<ContainerIo> {
    const checkpoint = new CheckpointFile(join(this.#directory(request.containerId), 'log.checkpoint'));
    const saved = checkpoint.load();
    checkpoint.close();
    return this.#open(request, saved && (await recoverPositions(request.log, saved)));
  }

  openLog(request: LogRequest, containerId: string): LogReader {
    return openLogReader(request, this.#writers.get(containerId));
  }

  async discard(containerId: string): Promise<void> {
    await rm(this.#directory(containerId), {recursive: true, force: true});
  }

  async #open(request: ContainerIoRequest, position: LogPosition | undefined): Promise<ContainerIo> {
    const {containerId} = request;
    const directory = this.#directory(containerId);
    const io = await openContainerIo(directory, fifoPaths(directory, request), request, position, this.#log);
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
  get writer(): JsonLogWriter | undefined {
    return this.#recording?.writer;
  }

  attached(): void {
    this.stdin?.releaseGuard();
  }

  async finish(): Promise<void> {
    await Promise.all(this.#pumps.map(pump => pump.finish()));
    for (const recorder of this.#recording?.recorders.values() ?? []) recorder.flush();
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
    if (this.#recording) {
      const {writer, checkpoint, spools} = this.#recording;
      await writer.close();
      checkpoint.close();
      for (const spool of spools.values()) spool.close();
    }
    this.onClose();
  }
}

async function openContainerIo(
  directory: string,
  paths: ContainerIo['paths'],
  request: ContainerIoRequest,
  position: LogPosition | undefined,
  log: Logger,
): Promise<OpenContainerIo> {
  const streams = (['stdout', 'stderr'] as const).filter(stream => paths[stream] !== '');
  const stdin = paths.stdin ? new StdinPipe(paths.stdin) : undefined;
  if (request.log.driver === 'none') {
    const open = (stream: StreamName) => new OutputPump(paths[stream], stream, readPiece, request.receiver, log);
    return new OpenContainerIo(directory, paths, stdin, streams.map(open), undefined);
  }
  const recording = await openRecording(directory, streams, request.log, position, log);
  const receiver = recordingReceiver(recording, request.receiver);
  const pumps = streams.map(stream => {
    const spool = recording.spools.get(stream) as Spool;
    return new OutputPump(paths[stream], stream, fifo => spool.take(fifo), receiver, log);
  });
  return new OpenContainerIo(directory, paths, stdin, pumps, recording);
}

/** The log of a running container with what leads to it. */
interface Recording {
  spools: ReadonlyMap<StreamName, Spool>;
  recorders: ReadonlyMap<StreamName, StreamRecorder>;
  writer: JsonLogWriter;
  checkpoint: CheckpointFile;
}

async function openRecording(
  directory: string,
  streams: readonly StreamName[],
  request: LogRequest,
  position: LogPosition | undefined,
  log: Logger,
): Promise<Recording> {
  const spools = new Map(streams.map(stream => [stream, new Spool(join(directory, `${stream}.spool`))]));
  const checkpoint = new CheckpointFile(join(directory, 'log.checkpoint'));
  const {positions, written} = position ?? {positions: {stdout: 0, stderr: 0}, written: {stdout: 0, stderr: 0}};
  const save = (saved: LogCheckpoint) => {
    checkpoint.save(saved);
    for (const [stream, spool] of spools) spool.release(saved.positions[stream]);
  };
  const writer = await openLogWriter(request, positions, save, log);
  const recorders = new Map(
    streams.map(stream => [stream, new StreamRecorder(stream, writer, positions[stream], written[stream])]),
  );
  for (const [stream, spool] of spools) replay(spool, positions[stream], recorders.get(stream) as StreamRecorder);
  return {spools, recorders, writer, checkpoint};
}

function recordingReceiver({recorders, writer}: Recording, receiver: OutputReceiver): OutputReceiver {
  return {
    deliver(stream, data) {
      receiver.deliver(stream, data);
      recorders.get(stream)?.push(data);
    },
    congestion() {
      return writer.backlog > maximumBacklog ? writer.flushed() : receiver.congestion();
    },
  };
}

/** What an earlier daemon took out of the FIFO but had not logged when it died. */
function replay(spool: Spool, from: number, recorder: StreamRecorder): void {
  const step = 256 * 1024;
  for (let at = from; at < spool.end; at += step) recorder.push(spool.read(at, step));
}
