/**
 * SIGHUP: the configuration is read again. What the original changes while it runs is taken over, the rest is named in the
 * log and stays as it is.
 */
import {hostname} from 'node:os';
import type {Logger, LogLevel} from '@longshore/base';
import type {Config} from './config/config.ts';
import {loadConfig} from './config/load.ts';
import {type OptionName, optionTable} from './config/option-table.ts';
import type {RootlessEnvironment} from './config/rootless.ts';
import {cgroupnsDefault} from './core/containers/defaults.ts';
import type {EventBus} from './core/events/event-bus.ts';
import type {HostFacts} from './core/system/host-facts.ts';
import {notifyReloading, notifySystemd} from './drivers/host/systemd.ts';

export interface ReloadOptions {
  argv: readonly string[];
  /** Where the configuration of a rootless daemon is. */
  rootless?: RootlessEnvironment;
  /** What the daemon was started with. */
  config: Config;
  engineId: string;
  facts: HostFacts;
  /** Gives the new values to the parts of the daemon. When it throws nothing has changed. */
  apply: (config: Config) => Promise<void>;
  events: EventBus;
  /** systemd's socket, or empty. */
  notifySocket: string;
  log: Logger;
}

/** Those of the original. */
export const reloadable: readonly OptionName[] = [
  'authorizationPlugins',
  'debug',
  'defaultCgroupnsMode',
  'defaultIpcMode',
  'defaultRuntime',
  'defaultShmSize',
  'features',
  'insecureRegistries',
  'labels',
  'liveRestore',
  'maxConcurrentDownloads',
  'maxConcurrentUploads',
  'maxDownloadAttempts',
  'registryMirrors',
  'runtimes',
  'shutdownTimeout',
];

/** Dispose to ignore the signal from then on. */
export function reloadOnHangup(options: ReloadOptions): Disposable {
  let current = options.config;
  let queue = Promise.resolve();
  const onSignal = () => {
    notifyReloading(options.notifySocket);
    // One after the other: of two quick signals the second one must see what the first has changed.
    queue = queue.then(async () => {
      current = await reload(options, current).catch(error => {
        options.log.error({error}, 'cannot reload the configuration');
        return current;
      });
      notifySystemd(options.notifySocket, 'READY=1');
    });
  };
  process.on('SIGHUP', onSignal);
  return {
    [Symbol.dispose]() {
      process.off('SIGHUP', onSignal);
      process.on('SIGHUP', () => {}); // the default would end the process in the middle of its shutdown
    },
  };
}

async function reload(options: ReloadOptions, current: Config): Promise<Config> {
  const {argv, rootless, apply, events, engineId, facts, log} = options;
  log.info({}, 'got signal to reload configuration');
  const given = await loadConfig(argv, rootless);
  const ignored = changedOptions(current, given).filter(name => !reloadable.includes(name));
  if (ignored.length > 0) {
    const keys = ignored.map(name => optionTable[name].flag || name);
    log.warn({options: keys.join(', ')}, 'these options only change when the daemon is started again');
  }
  const changes = Object.fromEntries(reloadable.map(name => [name, given[name]]));
  const next = Object.freeze({...current, ...changes}) as Config;
  await apply(next);
  log.setLevel(next.debug ? 'debug' : (next.logLevel as LogLevel));
  events.publish('daemon', 'reload', engineId, reloadAttributes(next, facts));
  log.info({}, 'reloaded the configuration');
  return next;
}

function changedOptions(before: Config, after: Config): OptionName[] {
  return (Object.keys(optionTable) as OptionName[]).filter(
    name => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}

/** Attributes of the event, as the original formats them. */
export function reloadAttributes(config: Config, facts: HostFacts): Record<string, string> {
  const runtimes = Object.entries(config.runtimes).map(([name, {path}]) => `${name}:${path}`);
  return {
    debug: String(config.debug),
    'default-cgroupns-mode': cgroupnsDefault(config, facts),
    'default-ipc-mode': config.defaultIpcMode,
    'default-runtime': config.defaultRuntime,
    'default-shm-size': String(config.defaultShmSize),
    features: showMap(config.features),
    'insecure-registries': JSON.stringify(config.insecureRegistries),
    labels: JSON.stringify(config.labels),
    'live-restore': String(config.liveRestore),
    'max-concurrent-downloads': String(config.maxConcurrentDownloads),
    'max-concurrent-uploads': String(config.maxConcurrentUploads),
    'max-download-attempts': String(config.maxDownloadAttempts),
    name: hostname(),
    'registry-mirrors': JSON.stringify(config.registryMirrors),
    runtimes: runtimes.join(' '),
    'shutdown-timeout': String(config.shutdownTimeout),
  };
}

/** As Go prints a map. */
function showMap(values: Readonly<Record<string, boolean>>): string {
  const pairs = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([key, value]) => `${key}:${value}`).join(' ')}]`;
}
