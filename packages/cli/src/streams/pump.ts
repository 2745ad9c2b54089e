/** Connects the standard streams of this process with a hijacked connection to a container. */
import type {Socket} from 'node:net';
import type {Readable, Writable} from 'node:stream';
import {DetachDetector} from '@longshore/term';
import {FrameParser} from './frames.ts';

export interface PumpStreams {
  socket: Socket;
  /** Bytes that came before the socket was handed over. */
  first: Buffer;
  /** Sent to the container; when it ends, so does the container's input. Without it the input ends at once. */
  stdin?: Readable | undefined;
  stdout: Writable;
  stderr: Writable;
  /** False when stdout and stderr come in one stream, as from a terminal. */
  isMultiplexed: boolean;
  /** Typing these leaves the container to itself. */
  detachKeys?: Buffer | undefined;
}

export type PumpResult = 'ended' | 'detached';

/** Resolves when the container has no more output, or when the user detached. */
export async function pump(streams: PumpStreams): Promise<PumpResult> {
  const {promise, resolve, reject} = Promise.withResolvers<PumpResult>();
  const stopInput = pumpInput(streams, () => resolve('detached'));
  pumpOutput(streams, () => resolve('ended'), reject);
  try {
    return await promise;
  } finally {
    stopInput();
    close(streams.socket);
  }
}

/** What was typed before the end still goes out. */
function close(socket: Socket): void {
  if (socket.writableLength > 0 && socket.writable) socket.end(() => socket.destroy());
  else socket.destroy();
}

function pumpInput({socket, stdin, detachKeys}: PumpStreams, detached: () => void): () => void {
  if (!stdin) {
    socket.end();
    return () => {};
  }
  const detector = detachKeys && new DetachDetector(detachKeys);
  const onData = (chunk: Buffer) => {
    const {pass, isDetached} = detector?.push(chunk) ?? {pass: chunk, isDetached: false};
    if (!socket.writable) return;
    if (!socket.write(pass)) stdin.pause();
    if (isDetached) detached();
  };
  const onDrain = () => stdin.resume();
  const onEnd = () => socket.end();
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
  socket.on('drain', onDrain);
  return () => {
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd);
    socket.off('drain', onDrain);
    stdin.pause();
  };
}

function pumpOutput(streams: PumpStreams, ended: () => void, failed: (error: Error) => void): void {
  const {socket, first, stdout, stderr, isMultiplexed} = streams;
  const frames = new FrameParser();
  const writeChunk = (chunk: Buffer): Writable | undefined => {
    if (!isMultiplexed) return stdout.write(chunk) ? undefined : stdout;
    let blocked: Writable | undefined;
    for (const {stream, data} of frames.push(chunk)) {
      if (stream === 'system') throw new Error(`error from daemon in stream: ${data}`);
      const target = stream === 'stderr' ? stderr : stdout;
      if (!target.write(data)) blocked = target;
    }
    return blocked;
  };
  const onData = (chunk: Buffer) => {
    try {
      const blocked = writeChunk(chunk);
      if (!blocked) return;
      socket.pause();
      blocked.once('drain', () => socket.resume());
    } catch (error) {
      failed(error as Error);
    }
  };
  if (first.length > 0) onData(first);
  socket.on('data', onData).on('end', ended).on('close', ended);
  // A connection that the engine resets has nothing more to say; the exit code is asked for elsewhere.
  socket.on('error', ended);
  if (!socket.isPaused() || first.length === 0) socket.resume();
}
