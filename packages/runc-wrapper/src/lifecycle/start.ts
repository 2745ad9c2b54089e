/** Lets the first process of a created container go on: the handshake on exec.fifo. */
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type ContainerRecord, execFifoName} from '../state/record.ts';
import {isInitAlive, type Status, statusOf} from '../state/status.ts';

/**
 * Starts a created container and returns once its first process has left the FIFO; the user's program runs then or
 * within microseconds. Throws failed-precondition with runc's text in any other state, when init has died meanwhile,
 * and in the one of two concurrent starts that comes second.
 */
export async function startContainer(record: ContainerRecord, signal?: AbortSignal): Promise<void> {
  const status = statusOf(record);
  if (status !== 'created') throw cannotStart(status);
  if (record.format === 'crun') await releaseCrunInit(record, signal);
  else await releaseRuncInit(record, signal);
}

function cannotStart(status: Status): EngineError {
  if (status === 'stopped') return new EngineError('failed-precondition', 'cannot start a container that has stopped');
  if (status === 'running') return alreadyRunning();
  return new EngineError('failed-precondition', `cannot start a container in the ${status} state`);
}

function alreadyRunning(): EngineError {
  return new EngineError('failed-precondition', 'cannot start an already running container');
}

function alreadyDead(): EngineError {
  return new EngineError('failed-precondition', 'container process is already dead');
}

/** runc's init opens the FIFO for writing, which waits for a reader, and writes one byte: whoever reads it has won. */
async function releaseRuncInit(record: ContainerRecord, signal: AbortSignal | undefined): Promise<void> {
  const path = `${record.directory}/${execFifoName}`;
  const fd = openFifo(path, constants.O_RDONLY);
  if (fd === undefined) throw alreadyRunning();
  try {
    await waitFor(record, path, signal, () => readByte(fd));
  } finally {
    closeSync(fd);
  }
  rmSync(path, {force: true});
}

/** crun's init holds the FIFO open for reading and waits for a byte; removing the FIFO decides who may send it. */
async function releaseCrunInit(record: ContainerRecord, signal: AbortSignal | undefined): Promise<void> {
  const path = `${record.directory}/${execFifoName}`;
  let fd: number | undefined;
  try {
    await waitFor(record, path, signal, () => {
      fd = openFifo(path, constants.O_WRONLY);
      return fd !== undefined;
    });
    if (!unlinkIfThere(path)) throw alreadyRunning();
    writeSync(fd!, Buffer.alloc(1));
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Turns of the event loop that are spent before the first pause: init usually answers within 100 µs. */
const eagerTurns = 50;
const longestPauseMs = 50;

/** Repeats `attempt` until it succeeds, or until it cannot any more because init died or another start won. */
async function waitFor(
  record: ContainerRecord,
  path: string,
  signal: AbortSignal | undefined,
  attempt: () => boolean,
): Promise<void> {
  for (let turn = 0, pause = 1; !attempt(); turn++) {
    signal?.throwIfAborted();
    if (turn < eagerTurns) {
      await new Promise(resolve => setImmediate(resolve));
      continue;
    }
    if (!isInitAlive(record)) {
      if (attempt()) return; // it wrote and was gone before we looked
      throw alreadyDead();
    }
    if (!existsSync(path)) throw alreadyRunning();
    // The winner was killed between reading and removing: the container runs, and the FIFO must not lie about it.
    if (pause >= longestPauseMs && !holdsFifo(record.pid)) {
      if (attempt()) return; // it wrote and went on before we looked
      rmSync(path, {force: true});
      throw alreadyRunning();
    }
    await sleep(pause, signal);
    pause = Math.min(pause * 2, longestPauseMs);
  }
}

/** True while the process has its exec.fifo open, which it closes before it executes the user's program. */
function holdsFifo(pid: number): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some(fd => readlinkSync(`${directory}/${fd}`).endsWith(`/${execFifoName}`));
  } catch {
    return true; // gone or changing: the next round sees what it is
  }
}

/** Never blocks; undefined when the FIFO is gone, or (for writing) has no reader yet. */
function openFifo(path: string, access: number): number | undefined {
  try {
    return openSync(path, access | constants.O_NONBLOCK);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENXIO') return undefined;
    throw error;
  }
}

function readByte(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(16)) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}

function unlinkIfThere(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
