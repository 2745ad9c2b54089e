/** The serving shim, put together: what containerd's `start` (or our containerd itself) leaves running. */

import {unlinkSync} from 'node:fs';
import {createLogger, type FinishedSpan, type Logger} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {listenUnix, localSocketPath, setChildSubreaper} from '@longshore/linux';
import {type ServiceHandlers, TtrpcServer} from '@longshore/ttrpc';
import {Containers} from './containers.ts';
import {closeInherited} from './descriptors.ts';
import type {ShimEnvironment} from './environment.ts';
import {commandTransport, ttrpcTransport} from './event-transport.ts';
import {openFifoLog} from './fifo-log.ts';
import type {Flags} from './flags.ts';
import type {UnaryHandlers} from './handlers.ts';
import {IdleWatch} from './idle.ts';
import {openListener, type Service, type ShimListener} from './listener.ts';
import {type EventTransport, Publisher} from './publisher.ts';
import {Reaper} from './reaper.ts';
import {sandboxDefinition, sandboxService} from './sandbox/service.ts';
import {streamingDefinition, streamingService} from './streams/service.ts';
import {Streams} from './streams/streams.ts';
import {taskDefinitions, taskService} from './task/service.ts';
import {tracedHandlers} from './trace/traced-handlers.ts';

/** The listening socket that `start` or containerd passes. */
const inheritedSocket = 3;
/** How long the last events and answers may take when the shim ends. */
const flushTimeoutMs = 5000;

export function startDaemon(flags: Flags, environment: ShimEnvironment): void {
  closeInherited(inheritedSocket);
  setChildSubreaper();
  const log = openLog(flags);
  surviveDefects(log);
  const reaper = new Reaper(environment.fileLimit);
  const transport = eventTransport(flags, environment, reaper);
  const publisher = new Publisher({namespace: flags.namespace, transport, log});
  const socket = flags.socket === '' ? inheritedSocket : listenUnix(flags.socket, {mode: 0o600});
  const streams = new Streams(localSocketPath(socket));
  const containers = new Containers({
    ...{namespace: flags.namespace, debug: flags.debug, env: environment.forChildren},
    ...{reaper, publisher, log, streams},
  });
  const ttrpc = new TtrpcServer({log});
  const host = {
    ...{containers, log, holdsSandbox: false},
    shutdown: () => void stop('asked to'),
    reconnected: () => publisher.retryNow(),
  };
  const idle = new IdleWatch();
  idle.touch();
  const tasks = idle.watching(tracedHandlers(taskService(host) as UnaryHandlers, spanReporter(transport, log)));
  const services: Service[] = taskDefinitions.map(definition => ({definition, handlers: tasks}));
  services.push({definition: sandboxDefinition, handlers: idle.watching(sandboxService(host))});
  services.push({definition: streamingDefinition, handlers: streamingService(streams)});
  for (const {definition, handlers} of services)
    ttrpc.register(definition, handlers as ServiceHandlers<typeof definition>);
  const listener = openListener(socket, {ttrpc, services, log});

  let stopping: Promise<void> | undefined;
  const stop = (why: string) => {
    stopping ??= endDaemon(why, log, listener, ttrpc, publisher);
    return stopping;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  // The default action would end the shim; containerd's prints its stacks, of which we have none.
  process.on('SIGUSR1', () => log.info({containers: containers.size, events: publisher.pending}, 'alive'));
  process.on('SIGHUP', () => {});
}

async function endDaemon(why: string, log: Logger, listener: ShimListener, ttrpc: TtrpcServer, publisher: Publisher) {
  log.debug({why}, 'shim ends');
  // The name first: whoever binds it next must not lose his socket to us.
  if (listener.path !== '') unlinkIfThere(listener.path);
  listener[Symbol.dispose]();
  // The answer to Shutdown itself leaves in this turn of the event loop; calls that wait for ever do not count.
  await Promise.all([ttrpc.shutdown(AbortSignal.timeout(1000)), publisher.flush(flushTimeoutMs)]);
  publisher[Symbol.dispose]();
  process.exit(0);
}

function openLog(flags: Flags): Logger {
  const level = flags.debug ? 'debug' : 'info';
  return flags.socket === '' ? openFifoLog('log', level) : createLogger({level});
}

/** A shim that ends takes its container's exit status with it: a defect is reported, and the rest goes on. */
function surviveDefects(log: Logger): void {
  process.on('uncaughtException', error => log.error({error, stack: error.stack}, 'unexpected error'));
  process.on('unhandledRejection', error => log.error({error}, 'unexpected rejection'));
}

function eventTransport(flags: Flags, environment: ShimEnvironment, reaper: Reaper): EventTransport {
  if (environment.ttrpcAddress !== '') return ttrpcTransport(environment.ttrpcAddress, flags.namespace);
  if (flags.publishBinary === '' || flags.address === '') {
    throw new EngineError('invalid-argument', 'no way to publish events: TTRPC_ADDRESS is not set');
  }
  const {forChildren: env} = environment;
  return commandTransport({binary: flags.publishBinary, address: flags.address, env}, reaper);
}

/** Hands spans to containerd until it says that it does not know them; none is worth a second try. */
function spanReporter(transport: EventTransport, log: Logger): (spans: FinishedSpan[]) => void {
  let isKnown = true;
  return spans => {
    if (!isKnown || !transport.report) return;
    transport.report(spans).catch(error => {
      isKnown = !isErrorCode(error, 'unimplemented');
      log.debug({error}, 'cannot report spans');
    });
  };
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
