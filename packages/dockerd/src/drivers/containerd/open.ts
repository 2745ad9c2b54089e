import {stat} from 'node:fs/promises';
import type {Logger} from '@longshore/base';
import {type ContainerdClient, openClient} from '@longshore/containerd-client';
import type {Config} from '../../config/config.ts';
import type {Environment} from '../../config/environment.ts';
import {optionTable} from '../../config/option-table.ts';
import {writeContainerdConfig} from './configuration.ts';
import {findExecutable} from './find-executable.ts';
import {ContainerdSupervisor, requireContainerd} from './supervisor.ts';

/** Where Debian and others run a containerd for the whole system. */
const systemSocket = '/run/containerd/containerd.sock';

export interface Containerd extends AsyncDisposable {
  address: string;
  client: ContainerdClient;
}

/**
 * Connects to containerd: the one of `--containerd`, else that of the system if there is one and this daemon is the
 * system's too (default exec root), else one that is started and supervised here. Dispose stops only the last.
 */
export async function openContainerd(config: Config, environment: Environment, log: Logger): Promise<Containerd> {
  const address = config.containerdAddress || (await findSystemContainerd(config));
  return address ? openForeign(address, log) : openManaged(config, environment, log);
}

async function findSystemContainerd(config: Config): Promise<string> {
  if (config.execRoot !== optionTable.execRoot.value) return '';
  const found = await stat(systemSocket).catch(() => undefined);
  return found?.isSocket() ? systemSocket : '';
}

async function openForeign(address: string, log: Logger): Promise<Containerd> {
  const client = openClient({address});
  try {
    await requireContainerd(client, log);
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
  return {address, client, [Symbol.asyncDispose]: async () => client[Symbol.dispose]()};
}

async function openManaged(config: Config, environment: Environment, log: Logger): Promise<Containerd> {
  const managed = await writeContainerdConfig(config.dataRoot, config.execRoot);
  const executable =
    environment.containerdExecutable ||
    (await findExecutable('containerd', environment.ownExecutable, environment.path));
  const client = openClient({address: managed.address});
  const {childEnvironment: env} = environment;
  const supervisor = new ContainerdSupervisor({...managed, executable, env, debug: config.debug, client, log});
  try {
    await supervisor.start();
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
  return {
    address: managed.address,
    client,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await supervisor.stop();
    },
  };
}
