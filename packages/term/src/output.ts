/** Standard output and error of a command: back-pressure, and a quiet end when the reader has gone. */
import type {Writable} from 'node:stream';

/** What a shell reports for a program that SIGPIPE ended, which is how a Go program ends here. */
const brokenPipeExitCode = 128 + 13;

/** Ends the process quietly when whoever reads our output has gone away (`docker logs … | head`). */
export function guardOutput(...streams: Writable[]): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(brokenPipeExitCode);
      process.exit(1);
    });
  }
}

/** Writes, and resolves when the stream is ready for more. */
export async function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  if (data.length === 0 || stream.write(data)) return;
  await new Promise<void>(resolve => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

/**
 * Resolves when all that was written has left the process. Nothing can be written any more. Only the end tells: Bun's
 * stdout reports no `writableLength` while a slow reader holds up what was written to a pipe, and it calls back for an
 * empty write at once.
 */
export async function finishOutput(...streams: Writable[]): Promise<void> {
  await Promise.all(streams.map(stream => new Promise<void>(resolve => stream.end(() => resolve()))));
}
