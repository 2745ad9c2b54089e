/**
 * What comes before the engine: the process itself, its directories and sockets. containerd is started as early as
 * possible, and the rest of this program is only loaded while it comes up.
 */
import {type Logger, Scope} from '@longshore/base';
import type {Config} from './config/config.ts';
import type {Environment} from './config/environment.ts';
import {parseHost} from './config/hosts.ts';
import {insecureTcpIsIntended, tlsSettings} from './config/tls-settings.ts';
import {type StartedContainerd, startContainerd} from './drivers/containerd/start.ts';
import {takePidFile} from './drivers/host/pid-file.ts';
import {requireRoot} from './drivers/host/require-root.ts';
import {clearTemporaryFiles, makeDirectories, resolveRoot} from './drivers/state-dir/directories.ts';
import {type ListenerOptions, openListeners} from './http/listen.ts';
import type {Listeners} from './http/listeners.ts';
import {awaitStopSignal} from './signals.ts';

/** What the engine finds when it is opened. */
export interface Started {
  config: Config;
  environment: Environment;
  /** Read again for a reload. */
  argv: readonly string[];
  log: Logger;
  stopSignal: Promise<string>;
  /** Bound, not served: clients that come early wait instead of being refused. */
  listeners: Listeners;
  addresses: Addresses;
  containerd: StartedContainerd;
}

export type Addresses = Pick<ListenerOptions, 'hosts' | 'tls'>;

/** Runs until a signal ends it. Throws when it cannot start. */
export async function start(
  given: Config,
  environment: Environment,
  log: Logger,
  argv: readonly string[],
): Promise<void> {
  requireRoot();
  process.umask(0o022);
  log.info({}, 'Starting up');
  const config = Object.freeze({...given, dataRoot: await resolveRoot(given.dataRoot)});
  await using scope = new Scope(log);
  await makeDirectories(config.dataRoot, config.execRoot);
  scope.use(await takePidFile(config.pidFile), 'pid file');
  const stopSignal = awaitStopSignal(log);
  const cleared = clearTemporaryFiles(config.dataRoot);
  // Not in the scope, whose patience is shorter than that for containerd.
  await using containerd = await startContainerd(config, environment, log);
  const addresses = addressesOf(config, environment);
  await using listeners = await openListeners(listenerOptions(config, environment, addresses, log));
  await cleared;
  const {runDaemon} = await import('./daemon.ts');
  await runDaemon({config, environment, argv, log, stopSignal, listeners, addresses, containerd});
}

function addressesOf(config: Config, environment: Environment): Addresses {
  const tls = tlsSettings(config, environment.tls);
  const given = config.hosts.length > 0 ? config.hosts : [''];
  return {tls, hosts: given.map(host => parseHost(host, tls !== undefined))};
}

function listenerOptions(config: Config, environment: Environment, addresses: Addresses, log: Logger): ListenerOptions {
  return {
    ...addresses,
    group: config.group,
    groupIsGiven: config.group !== 'docker',
    activated: environment.activated,
    insecureTcpIsIntended: insecureTcpIsIntended(config),
    log,
  };
}
