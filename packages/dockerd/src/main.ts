import {createLogger, engineVersion, gitCommit, type Logger} from '@longshore/base';
import {messageOf} from '@longshore/errdefs';
import type {Config} from './config/config.ts';
import {readEnvironment} from './config/environment.ts';
import {parseFlags} from './config/flags.ts';
import {helpText} from './config/help.ts';
import {loadConfig} from './config/load.ts';
import {applyProxies} from './config/proxies.ts';
import {readRootlessEnvironment} from './config/rootless.ts';
import {start} from './start.ts';

// Not by exitCode: a client that never closes its side would keep the event loop, and so the process, alive.
process.exit(await main(process.argv.slice(2)));

async function main(argv: string[]): Promise<number> {
  let config: Config;
  try {
    const flags = parseFlags(argv);
    if (flags.help) return print(helpText());
    if (flags.version) return print(`Docker version ${engineVersion}, build ${gitCommit}\n`);
    config = await loadConfig(argv, readRootlessEnvironment(process.env));
    if (flags.validate) return print('configuration OK\n');
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
  const log = openLog(config);
  applyProxies(config, process.env, log);
  try {
    await start(config, readEnvironment(process.env), log, argv);
    return 0;
  } catch (error) {
    reportFailure(error, config, log);
    return 1;
  }
}

/** One line, as the original writes it; with JSON logs one of those. */
function reportFailure(error: unknown, config: Config, log: Logger): void {
  const text = messageOf(error);
  if (config.logFormat === 'json') log.fatal({error}, 'failed to start daemon');
  else process.stderr.write(`${text.startsWith('failed to') ? text : `failed to start daemon: ${text}`}\n`);
}

function openLog(config: Config): Logger {
  const level = config.debug ? 'debug' : (config.logLevel as Logger['level']);
  return createLogger({level, format: config.logFormat === 'json' ? 'json' : 'text'});
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
