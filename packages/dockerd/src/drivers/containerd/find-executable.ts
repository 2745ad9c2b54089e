import {access, constants} from 'node:fs/promises';
import {delimiter, dirname, join} from 'node:path';
import {EngineError} from '@longshore/errdefs';

/** Looks for a program beside our own executable, then in PATH. Throws `not-found`. */
export async function findExecutable(name: string, ownExecutable: string, path: string): Promise<string> {
  if (name.includes('/')) return name;
  for (const directory of [dirname(ownExecutable), ...path.split(delimiter)]) {
    if (directory !== '' && (await isExecutable(join(directory, name)))) return join(directory, name);
  }
  throw new EngineError('not-found', `exec: "${name}": executable file not found in $PATH`);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
