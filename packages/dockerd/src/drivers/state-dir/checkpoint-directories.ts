import {mkdir, readdir, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {CheckpointDirectories} from '../../core/ports/checkpoint-directories.ts';

/** `directoryOf` is that of a container's record. */
export function checkpointDirectories(directoryOf: (containerId: string) => string): CheckpointDirectories {
  const parentOf = (id: string, custom: string) => custom || join(directoryOf(id), 'checkpoints');
  return {
    async create(id, custom, name) {
      const parent = parentOf(id, custom);
      await mkdir(parent, {recursive: true, mode: 0o700});
      try {
        await mkdir(join(parent, name), {mode: 0o700});
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const message = `checkpoint with name ${name} already exists for container ${id}`;
        throw new EngineError('unknown', message, {cause: error});
      }
      return join(parent, name);
    },
    async find(id, custom, name) {
      const path = join(parentOf(id, custom), name);
      const found = await stat(path).catch(() => undefined);
      if (!found) throw new EngineError('unknown', `checkpoint ${name} does not exist for container ${id}`);
      if (!found.isDirectory()) throw new EngineError('unknown', `${path} exists and is not a directory`);
      return path;
    },
    async list(id, custom) {
      const entries = await readdir(parentOf(id, custom), {withFileTypes: true}).catch(ignoreMissing);
      return entries.filter(entry => entry.isDirectory()).map(({name}) => name);
    },
    async remove(id, custom, name) {
      await rm(join(parentOf(id, custom), name), {recursive: true, force: true});
    },
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
