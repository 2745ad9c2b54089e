import {mkdir, unlink} from 'node:fs/promises';
import {dirname} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {unixPathMaximum} from '@longshore/linux';
import {isListening} from './is-listening.ts';

/**
 * Makes a path free to listen on: its directory exists, and no socket of a dead daemon is in the way. Throws
 * already-exists when somebody listens there, invalid-argument when it is too long.
 */
export async function prepareSocketPath(path: string): Promise<void> {
  if (!path.startsWith('/')) throw new EngineError('invalid-argument', `socket path "${path}" is not absolute`);
  if (Buffer.byteLength(path) > unixPathMaximum) {
    throw new EngineError('invalid-argument', `socket path "${path}" is over ${unixPathMaximum} bytes`);
  }
  await mkdir(dirname(path), {recursive: true, mode: 0o711});
  if (isListening(path)) throw new EngineError('already-exists', `somebody listens on "${path}" already`);
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
