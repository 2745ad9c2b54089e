/** `--cidfile`: the id of the new container, in a file that must not be there yet. */
import {closeSync, openSync, rmSync, writeSync} from 'node:fs';

export interface CidFile extends Disposable {
  write(id: string): void;
}

/** Disposing removes a file that got no id. Throws an Error with Docker's text. */
export function openCidFile(path: string): CidFile {
  if (path === '') return {write: () => {}, [Symbol.dispose]: () => {}};
  const fd = create(path);
  let isWritten = false;
  return {
    write: id => {
      writeSync(fd, id);
      isWritten = true;
    },
    [Symbol.dispose]: () => {
      closeSync(fd);
      if (!isWritten) rmSync(path, {force: true});
    },
  };
}

function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o666);
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new Error(`container ID file found, make sure the other container isn't running or delete ${path}`);
    }
    const reason = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : message;
    throw new Error(`failed to create the container ID file: open ${path}: ${reason}`);
  }
}
