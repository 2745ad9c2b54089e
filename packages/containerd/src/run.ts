/** From argv to a running daemon or a finished command; only this file and main.ts look at the process itself. */
import {containerdVersion, createLogger, gitCommit, type Logger, Tracer} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {openSpanExporter} from '@longshore/otlp';
import {type CommandLine, parseCommandLine} from './config/flags.ts';
import {usage} from './config/usage.ts';

/** Returns the exit status of a command; a daemon ends the process itself. */
export async function run(words: readonly string[]): Promise<number> {
  try {
    const line = parseCommandLine(words);
    if (line.version) print(`containerd github.com/containerd/containerd/v2 ${containerdVersion} ${gitCommit}`);
    else if (line.help || line.command[0] === 'help' || line.command[0] === 'h') print(usage);
    else if (line.check || line.command[0] === 'check') return await runCheck(line);
    else if (line.command.length > 0) await runCommand(line);
    else await runDaemon(line);
    return 0;
  } catch (error) {
    process.stderr.write(`containerd: ${messageOf(error)}\n`);
    return 1;
  }
}

async function runCheck(line: CommandLine): Promise<number> {
  const {check} = await import('./commands/check.ts');
  return (await check(line.check ? line.command : line.command.slice(1), line, print)) > 0 ? 1 : 0;
}

async function runCommand(line: CommandLine): Promise<void> {
  const [name, ...args] = line.command;
  if (name === 'config') {
    const {printConfig} = await import('./commands/config.ts');
    print(printConfig(args, line));
  } else if (name === 'publish') {
    const {publish} = await import('./commands/publish.ts');
    await publish(args, line);
  } else if (name === 'oci-hook') {
    const {ociHook} = await import('./commands/oci-hook.ts');
    ociHook(args);
  } else throw new EngineError('invalid-argument', `no help topic for '${name}'`);
}

async function runDaemon(line: CommandLine): Promise<void> {
  const {readConfig} = await import('./config/read.ts');
  const config = readConfig(line);
  const log = createLogger(config.debug);
  const {startDaemon} = await import('./daemon.ts');
  const {notifyServiceManager} = await import('./drivers/host/notify.ts');
  const started = performance.now();
  log.info({version: containerdVersion, revision: gitCommit}, 'starting containerd');
  const stop = stopSignal(log);
  const exporter = await openSpanExporter(process.env, 'containerd', log);
  const daemon = await startDaemon(config, log, new Tracer('containerd', exporter));
  const took = `${(performance.now() - started).toFixed(0)}ms`;
  log.info({address: config.grpc.address, took}, 'containerd successfully booted');
  const {dumpState} = await import('./drivers/host/state-dump.ts');
  process.on('SIGUSR1', () => void dumpState(daemon.describe(), log));
  notifyServiceManager(process.env.NOTIFY_SOCKET, 'READY=1', log);
  await stop;
  notifyServiceManager(process.env.NOTIFY_SOCKET, 'STOPPING=1', log);
  await daemon[Symbol.asyncDispose]();
  await exporter?.[Symbol.asyncDispose]();
  // Whatever handle may still be open, there is nothing left to wait for.
  process.exit(0);
}

/** A second signal ends the process at once. */
function stopSignal(log: Logger): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({signal}, 'stopping containerd; shims keep running');
      resolve();
    });
  }
  process.on('SIGPIPE', () => {});
  process.on('unhandledRejection', error => log.error({error, stack: (error as Error)?.stack}, 'unhandled rejection'));
  return promise;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
