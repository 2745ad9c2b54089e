/**
 * What comes before the engine: the process itself, its directories and sockets. containerd is started as early as
 * possible, and the rest of this program is only loaded while it comes up.
 */
import {type Logger, Scope} from '@longshore/base';
import {inUserNamespace} from '@longshore/linux';
import type {Config} from './config/config.ts';
import type {Environment} from './config/environment.ts';
import {parseHost} from './config/hosts.ts';
import {optionTable} from './config/option-table.ts';
import {rootlessHost} from './config/rootless.ts';
import {insecureTcpIsIntended, tlsSettings} from './config/tls-settings.ts';
import type {Remapping} from './core/users/remapping.ts';
import {remappedName} from './core/users/remapping.ts';
import {type StartedContainerd, startContainerd} from './drivers/containerd/start.ts';
import {takePidFile} from './drivers/host/pid-file.ts';
import {checkPrivileges} from './drivers/host/privileges.ts';
import {clearTemporaryFiles, makeDirectories, resolveRoot} from './drivers/state-dir/directories.ts';
import {makeRemappedRoot} from './drivers/state-dir/remapped-root.ts';
import {shareDataRoot} from './drivers/state-dir/shared-root.ts';
import {stickFiles} from './drivers/state-dir/sticky-files.ts';
import {loadRemapping} from './drivers/users/remapped-user.ts';
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
  /** Undefined without `--userns-remap`. */
  remapping: Remapping | undefined;
}

export type Addresses = Pick<ListenerOptions, 'hosts' | 'tls'>;

/** Runs until a signal ends it. Throws when it cannot start. */
export async function start(
  given: Config,
  environment: Environment,
  log: Logger,
  argv: readonly string[],
): Promise<void> {
  checkStart(given, environment, log);
  process.umask(0o022);
  log.info({}, 'Starting up');
  const remapping = given.usernsRemap === '' ? undefined : await loadRemapping(given.usernsRemap, log);
  const config = await adaptConfig(given, remapping);
  await using scope = new Scope(log);
  await makeDirectories(config.dataRoot, config.execRoot, remapping?.root.gid);
  scope.use(await takePidFile(config.pidFile), 'pid file');
  scope.use(await shareDataRoot(config.dataRoot, config.execRoot, log), 'data root');
  const stopSignal = awaitStopSignal(log);
  const cleared = clearTemporaryFiles(config.dataRoot);
  // Not in the scope, whose patience is shorter than that for containerd.
  await using containerd = await startContainerd(config, environment, log);
  const addresses = addressesOf(config, environment);
  await using listeners = await openListeners(listenerOptions(config, environment, addresses, log));
  if (config.rootless) await stickFiles(environment.rootless.runtimeDirectory, runtimeFiles(config, listeners), log);
  await cleared;
  const {runDaemon} = await import('./daemon.ts');
  await runDaemon({config, environment, argv, log, stopSignal, listeners, addresses, containerd, remapping});
}

/** A daemon that remaps its containers has a data root and a containerd namespace of its own. */
async function adaptConfig(given: Config, remapping: Remapping | undefined): Promise<Config> {
  const root = await resolveRoot(given.dataRoot);
  if (!remapping) return Object.freeze({...given, dataRoot: root});
  const dataRoot = await makeRemappedRoot(root, remapping);
  const names = ['containerdNamespace', 'containerdPluginsNamespace'] as const;
  const own = names.map(name => [
    name,
    given[name] === optionTable[name].value ? `${given[name]}-${remappedName(remapping)}` : given[name],
  ]);
  return Object.freeze({...given, dataRoot, ...Object.fromEntries(own)}) as Config;
}

function checkStart({rootless}: Config, environment: Environment, log: Logger): void {
  const underRootlesskit = environment.rootless.stateDirectory !== '';
  const effectiveUid = process.geteuid?.() ?? -1;
  checkPrivileges({effectiveUid, inUserNamespace: inUserNamespace(), rootless, underRootlesskit});
  if (!rootless) return;
  log.warn({}, 'Running in rootless mode. This mode has feature limitations.');
  if (underRootlesskit) log.info({}, 'Running with RootlessKit integration');
}

/** What must not be cleaned away while the daemon runs. */
function runtimeFiles({execRoot, pidFile}: Config, {addresses}: Listeners): string[] {
  const sockets = addresses.filter(each => each.startsWith('unix://')).map(each => each.slice('unix://'.length));
  return [execRoot, pidFile, ...sockets];
}

function addressesOf(config: Config, environment: Environment): Addresses {
  const tls = tlsSettings(config, environment.tls);
  const standardHost = config.rootless ? rootlessHost(environment.rootless) : undefined;
  const given = config.hosts.length > 0 ? config.hosts : [''];
  return {tls, hosts: given.map(host => parseHost(host, tls !== undefined, standardHost))};
}

function listenerOptions(config: Config, environment: Environment, addresses: Addresses, log: Logger): ListenerOptions {
  return {
    ...addresses,
    // Root of a user namespace is one user, who needs no group.
    group: config.rootless && config.group === 'docker' ? '' : config.group,
    groupIsGiven: config.group !== 'docker',
    activated: environment.activated,
    insecureTcpIsIntended: insecureTcpIsIntended(config),
    log,
  };
}
