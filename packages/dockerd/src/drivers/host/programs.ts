/** Finds the programs that containers are run with. */
import {isErrorCode} from '@longshore/errdefs';
import type {Config} from '../../config/config.ts';
import type {Environment} from '../../config/environment.ts';
import {findExecutable} from '../containerd/find-executable.ts';
import type {ProgramPaths} from './component-versions.ts';

const initNames = ['docker-init', 'tini'];

export async function findPrograms(config: Config, environment: Environment): Promise<ProgramPaths> {
  const find = (name: string) => findIfPresent(name, environment);
  const runc = environment.runtimeExecutable || (await find('runc')) || 'runc';
  return {
    runc,
    runtimes: config.runtimes,
    nvidiaHook: await find('nvidia-container-runtime-hook'),
    init: config.initPath || (await firstOf(initNames, find)),
  };
}

async function firstOf(
  names: readonly string[],
  find: (name: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  for (const name of names) {
    const path = await find(name);
    if (path) return path;
  }
  return undefined;
}

async function findIfPresent(name: string, environment: Environment): Promise<string | undefined> {
  try {
    return await findExecutable(name, environment.ownExecutable, environment.path);
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return undefined;
    throw error;
  }
}
