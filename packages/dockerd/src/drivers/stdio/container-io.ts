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
import type {LogReader, LogWriter} from '../../core/ports/log-driver.ts';
import type {JsonLogWriter} from '../json-log/json-log-writer.ts';
import {CheckpointFile} from './checkpoint-file.ts';
import {type LogPosition, openLogReader, openLogWriter, recoverPositions} from './log-choice.ts';
import {OutputPump} from './output-pump.ts';
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
    if (io.jsonWriter) this.#writers.set(containerId, io.jsonWriter);
    io.onClose = () => {
      if (this.#writers.get(containerId) === io.jsonWriter) this.#writers.delete(containerId);
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

type Output = {stream: StreamName; spool: Spool; pump: OutputPump; recorder: StreamRecorder};

class OpenContainerIo implements ContainerIo {
  readonly paths: ContainerIo['paths'];
  readonly stdin: StdinPipe | undefined;
  readonly jsonWriter: JsonLogWriter | undefined;
  onClose: () => void = () => {};
  readonly #directory: string;
  readonly #outputs: Output[];
  readonly #writer: LogWriter;
  readonly #checkpoint: CheckpointFile;

  constructor(
    directory: string,
    paths: ContainerIo['paths'],
    parts: {
      outputs: Output[];
      stdin: StdinPipe | undefined;
      writer: LogWriter;
      jsonWriter: JsonLogWriter | undefined;
      checkpoint: CheckpointFile;
    },
  ) {
    this.#directory = directory;
    this.paths = paths;
    this.#outputs = parts.outputs;
    this.stdin = parts.stdin;
    this.#writer = parts.writer;
    this.jsonWriter = parts.jsonWriter;
    this.#checkpoint = parts.checkpoint;
  }

  attached(): void {
    this.stdin?.releaseGuard();
  }

  async finish(): Promise<void> {
    await Promise.all(this.#outputs.map(({pump}) => pump.finish()));
    for (const {recorder} of this.#outputs) recorder.flush();
    await this.#close();
    // Synchronous: four small files on a tmpfs, and the exit of a container waits for it.
    rmSync(this.#directory, {recursive: true, force: true});
  }

  async abandon(): Promise<void> {
    for (const {pump} of this.#outputs) pump.close();
    await this.#close();
  }

  async #close(): Promise<void> {
    this.stdin?.close();
    await this.#writer.close();
    this.#checkpoint.close();
    for (const {spool} of this.#outputs) spool.close();
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
  const spools = new Map(streams.map(stream => [stream, new Spool(join(directory, `${stream}.spool`))]));
  const checkpoint = new CheckpointFile(join(directory, 'log.checkpoint'));
  const start = position ?? {positions: {stdout: 0, stderr: 0}, written: {stdout: 0, stderr: 0}};
  const {writer, jsonWriter} = await openLogWriter(
    request.log,
    start.positions,
    saved => {
      checkpoint.save(saved);
      for (const [stream, spool] of spools) spool.release(saved.positions[stream]);
    },
    log,
  );
  const recorders = new Map(
    streams.map(stream => [stream, new StreamRecorder(stream, writer, start.positions[stream], start.written[stream])]),
  );
  const sink = outputSink(request, recorders, writer);
  const outputs = streams.map((stream): Output => {
    const spool = spools.get(stream) as Spool;
    const recorder = recorders.get(stream) as StreamRecorder;
    replay(spool, start.positions[stream], recorder);
    return {stream, spool, recorder, pump: new OutputPump(paths[stream], stream, fifo => spool.take(fifo), sink, log)};
  });
  const stdin = paths.stdin ? new StdinPipe(paths.stdin) : undefined;
  return new OpenContainerIo(directory, paths, {outputs, stdin, writer, jsonWriter, checkpoint});
}

function outputSink(
  {receiver}: ContainerIoRequest,
  recorders: ReadonlyMap<StreamName, StreamRecorder>,
  writer: LogWriter,
): OutputReceiver {
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
