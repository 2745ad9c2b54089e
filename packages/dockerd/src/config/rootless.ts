/**
 * Rootless mode: the daemon runs as root of a user namespace that an ordinary user made (with rootlesskit), and keeps
 * its files in that user's directories instead of the system's.
 */
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {OptionName} from './option-table.ts';

/** What rootlesskit and the XDG Base Directory Specification say in the environment. */
export interface RootlessEnvironment {
  /** Where rootlesskit has its API socket; empty when it did not start this process. */
  stateDirectory: string;
  /** Id of the user outside the namespace, in decimal; empty when it is unknown. */
  parentUid: string;
  /** Each is empty when the environment does not give it. */
  runtimeDirectory: string;
  dataHome: string;
  configHome: string;
}

export function readRootlessEnvironment(env: NodeJS.ProcessEnv): RootlessEnvironment {
  const home = env.HOME ?? '';
  const below = (...names: string[]) => (home === '' ? '' : join(home, ...names));
  return {
    stateDirectory: env.ROOTLESSKIT_STATE_DIR ?? '',
    parentUid: env.ROOTLESSKIT_PARENT_EUID ?? '',
    runtimeDirectory: env.XDG_RUNTIME_DIR ?? '',
    dataHome: env.XDG_DATA_HOME || below('.local', 'share'),
    configHome: env.XDG_CONFIG_HOME || below('.config'),
  };
}

/** Defaults that differ in rootless mode. Throws `failed-precondition` when the user's directories are not known. */
export function rootlessDefaults(environment: RootlessEnvironment): Partial<Record<OptionName, unknown>> {
  const {runtimeDirectory, dataHome, configHome} = environment;
  if (runtimeDirectory === '') throw missing('XDG_RUNTIME_DIR');
  if (dataHome === '' || configHome === '') throw missing('HOME');
  return {
    rootless: true,
    dataRoot: join(dataHome, 'docker'),
    execRoot: join(runtimeDirectory, 'docker'),
    pidFile: join(runtimeDirectory, 'docker.pid'),
    configFile: join(configHome, 'docker', 'daemon.json'),
    cdiSpecDirs: [join(configHome, 'cdi'), join(runtimeDirectory, 'cdi')],
  };
}

/** The socket of a rootless daemon without `--host`. */
export function rootlessHost({runtimeDirectory}: RootlessEnvironment): string {
  return `unix://${join(runtimeDirectory, 'docker.sock')}`;
}

function missing(name: string): EngineError {
  return new EngineError('failed-precondition', `rootless mode needs ${name} to be set`);
}
