/** SIGHUP: the configuration is read again. What can change while the daemon runs does, the rest is named in the log. */
import {hostname} from 'node:os';
import type {Logger, LogLevel} from '@longshore/base';
import type {Config} from './config/config.ts';
import {loadConfig} from './config/load.ts';
import {type OptionName, optionTable} from './config/option-table.ts';
import type {EventBus} from './core/events/event-bus.ts';
import {notifyReloading, notifySystemd} from './drivers/host/systemd.ts';

export interface ReloadOptions {
  argv: readonly string[];
  /** What the daemon was started with. */
  config: Config;
  events: EventBus;
  /** systemd's socket, or empty. */
  notifySocket: string;
  log: Logger;
}

const changeable: readonly OptionName[] = ['debug', 'logLevel'];

/** Dispose to ignore the signal from then on. */
export function reloadOnHangup(options: ReloadOptions): Disposable {
  const onSignal = () => {
    notifyReloading(options.notifySocket);
    reload(options)
      .catch(error => options.log.error({error}, 'cannot reload the configuration'))
      .finally(() => notifySystemd(options.notifySocket, 'READY=1'));
  };
  process.on('SIGHUP', onSignal);
  return {
    [Symbol.dispose]() {
      process.off('SIGHUP', onSignal);
      process.on('SIGHUP', () => {}); // the default would end the process in the middle of its shutdown
    },
  };
}

async function reload({argv, config, events, log}: ReloadOptions): Promise<void> {
  log.info({}, 'got signal to reload configuration');
  const next = await loadConfig(argv);
  log.setLevel(next.debug ? 'debug' : (next.logLevel as LogLevel));
  const ignored = changedOptions(config, next).filter(name => !changeable.includes(name));
  if (ignored.length > 0) {
    const keys = ignored.map(name => optionTable[name].flag);
    log.warn({options: keys.join(', ')}, 'these options only change when the daemon is started again');
  }
  events.publish('daemon', 'reload', hostname(), reloadAttributes(next));
  log.info({}, 'reloaded the configuration');
}

function changedOptions(before: Config, after: Config): OptionName[] {
  return (Object.keys(optionTable) as OptionName[]).filter(
    name => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}

function reloadAttributes(config: Config): Record<string, string> {
  return {
    debug: String(config.debug),
    labels: JSON.stringify(config.labels),
    'live-restore': String(config.liveRestore),
    'log-level': config.logLevel,
    name: hostname(),
    'shutdown-timeout': String(config.shutdownTimeout),
  };
}
