/** Which containerd the daemon uses; one of our own is started at once, and connected to when the rest has been loaded. */
import {stat} from 'node:fs/promises';
import type {Logger} from '@longshore/base';
import type {Config} from '../../config/config.ts';
import type {Environment} from '../../config/environment.ts';
import {optionTable} from '../../config/option-table.ts';
import {writeContainerdConfig} from './configuration.ts';
import {findExecutable} from './find-executable.ts';
import {ContainerdSupervisor} from './supervisor.ts';

/** Where Debian and others run a containerd for the whole system. */
const systemSocket = '/run/containerd/containerd.sock';

export interface StartedContainerd extends AsyncDisposable {
  address: string;
  /** Of one that is our own; undefined for somebody else's, which is never stopped. */
  supervisor: ContainerdSupervisor | undefined;
}

/**
 * The one of `--containerd`, else that of the system if it is there and this daemon is the system's too (default exec
 * root), else one that is started here. It does not answer yet. Dispose stops the last kind.
 */
export async function startContainerd(
  config: Config,
  environment: Environment,
  log: Logger,
): Promise<StartedContainerd> {
  const address = config.containerdAddress || (await findSystemContainerd(config));
  if (address) return {address, supervisor: undefined, async [Symbol.asyncDispose]() {}};
  const managed = await writeContainerdConfig(config.dataRoot, config.execRoot);
  const executable =
    environment.containerdExecutable ||
    (await findExecutable('containerd', environment.ownExecutable, environment.path));
  const {childEnvironment: env} = environment;
  const supervisor = new ContainerdSupervisor({...managed, executable, env, debug: config.debug, log});
  await supervisor.start();
  return {address: managed.address, supervisor, [Symbol.asyncDispose]: () => supervisor.stop()};
}

async function findSystemContainerd(config: Config): Promise<string> {
  if (config.execRoot !== optionTable.execRoot.value) return '';
  const found = await stat(systemSocket).catch(() => undefined);
  return found?.isSocket() ? systemSocket : '';
}
