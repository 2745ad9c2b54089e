/** A file to be sent. */
import {createReadStream, type ReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {CliError} from '../command/errors.ts';

/** Throws CliError in Docker's words when there is no such file. */
export async function openInput(path: string): Promise<ReadStream> {
  const info = await stat(path).catch(error => {
    const {code, message} = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : message;
    throw new CliError(`open ${path}: ${reason}`);
  });
  if (info.isDirectory()) throw new CliError(`read ${path}: is a directory`);
  return createReadStream(path, {highWaterMark: 256 * 1024});
}
