/** The log of a running container with what leads to it: spools, and one or two lanes behind them. */
import {join} from 'node:path';
import {type Logger, Scope} from '@longshore/base';
import type {StreamName} from '../../core/logs/log-entry.ts';
import type {LogRequest, OutputReceiver} from '../../core/ports/container-io.ts';
import type {FileLogWriter} from '../file-log/file-log-writer.ts';
import {openLanes} from './log-choice.ts';
import type {LogLane} from './log-lane.ts';
import {Spool} from './spool.ts';

/** A log may be this far behind before reading stops. */
const maximumBacklog = 4 * 1024 * 1024;
/** How long the end of a container waits for a collector, as in Docker. */
const closeTimeoutMs = 10_000;

export interface RecordingOptions {
  directory: string;
  streams: readonly StreamName[];
  request: LogRequest;
  isReopened: boolean;
  log: Logger;
}

export class Recording {
  readonly spools: ReadonlyMap<StreamName, Spool>;
  /** For readers that follow; undefined when the driver has no file. */
  fileWriter: FileLogWriter | undefined;
  #lanes: readonly LogLane[] = [];

  private constructor(spools: ReadonlyMap<StreamName, Spool>) {
    this.spools = spools;
  }

  /** Throws for options that cannot be read and collectors that cannot be reached. */
  static async open(options: RecordingOptions): Promise<Recording> {
    const {directory, streams, request, isReopened, log} = options;
    await using scope = new Scope(log);
    const spools = new Map(streams.map(stream => [stream, new Spool(join(directory, `${stream}.spool`))]));
    scope.defer('close spools', async () => closeAll(spools));
    const recording = new Recording(spools);
    const moved = () => recording.#releaseSpools();
    const opened = await openLanes(request, {directory, streams, isReopened, moved, log});
    scope.release();
    recording.fileWriter = opened.fileWriter;
    recording.#lanes = opened.lanes;
    recording.#replay();
    return recording;
  }

  /** Passes output on to `receiver` and the log. */
  receiver(receiver: OutputReceiver): OutputReceiver {
    const lanes = this.#lanes;
    return {
      deliver(stream, data) {
        receiver.deliver(stream, data);
        for (const {recorders} of lanes) recorders.get(stream)?.push(data);
      },
      congestion() {
        const slow = lanes.filter(({writer}) => writer.backlog > maximumBacklog);
        if (slow.length === 0) return receiver.congestion();
        return Promise.all(slow.map(({writer}) => writer.flushed())).then(() => {});
      },
      keepsNothing: () => lanes.every(({writer}) => writer.copies === true) && receiver.keepsNothing?.() === true,
    };
  }

  /** Do it before the rest is taken out of the pipes: a collector that is away holds nothing up for long any more. */
  expectEnd(): Disposable {
    const timer = setTimeout(() => {
      for (const {writer} of this.#lanes) writer.giveUp?.();
    }, closeTimeoutMs);
    return {[Symbol.dispose]: () => clearTimeout(timer)};
  }

  /** The streams have ended: a last line without a line feed is a record too. */
  flush(): void {
    for (const {recorders} of this.#lanes) for (const recorder of recorders.values()) recorder.flush();
  }

  async close(): Promise<void> {
    using _limit = this.expectEnd();
    await Promise.all(this.#lanes.map(lane => lane.close()));
    closeAll(this.spools);
  }

  /** Space that no lane needs any more. */
  #releaseSpools(): void {
    for (const [stream, spool] of this.spools) {
      const safe = this.#lanes.map(({positions}) => positions[stream]);
      if (safe.length > 0) spool.release(Math.min(...safe));
    }
  }

  /** What an earlier daemon took out of the FIFO but had not logged when it died. */
  #replay(): void {
    const step = 256 * 1024;
    for (const {recorders, positions} of this.#lanes) {
      const starts = {...positions};
      for (const [stream, spool] of this.spools) {
        for (let at = starts[stream]; at < spool.end; at += step) recorders.get(stream)?.push(spool.read(at, step));
      }
    }
  }
}

function closeAll(spools: ReadonlyMap<StreamName, Spool>): void {
  for (const spool of spools.values()) spool.close();
}
