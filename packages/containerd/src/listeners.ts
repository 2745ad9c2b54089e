/** The sockets that clients, administrators and Prometheus come to; that of shims is in `daemon.ts`. */
import {readFile} from 'node:fs/promises';
import {containerdVersion, gitCommit, type Logger, type Scope, type Tracer} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {Config} from './config/config.ts';
import {CallMetrics} from './core/metrics/call-metrics.ts';
import type {Family} from './core/metrics/families.ts';
import type {Tasks} from './core/tasks/tasks.ts';
import {processFamilies} from './drivers/host/process-metrics.ts';
import {prepareSocketPath} from './drivers/host/socket-path.ts';
import {listenGrpc, listenTcp} from './services/listen.ts';
import {callKinds, type ServedService} from './services/serve.ts';

export interface ListenerParts {
  services: readonly ServedService[];
  tracer: Tracer;
  tasks: Tasks;
  /** State of the daemon, for its debug socket. */
  describe: () => Record<string, unknown>;
}

export async function openListeners(config: Config, log: Logger, scope: Scope, parts: ListenerParts): Promise<void> {
  const {services, tracer, tasks, describe} = parts;
  const calls =
    config.metrics.address === '' ? undefined : new CallMetrics(callKinds(services), config.metrics.histogram);
  const {address: path, uid, gid, maxReceive, maxSend} = config.grpc;
  const options = {maxReceive, maxSend, services, tracer, log, ...(calls && {observer: calls})};
  if (calls) {
    const {listenMetrics} = await import('./services/metrics/server.ts');
    const collect = () => collectMetrics(config, log, calls, tasks);
    scope.use(await listenMetrics({address: config.metrics.address, collect, log}), 'metrics');
  }
  if (config.debug.address !== '') {
    const {listenDebug} = await import('./services/debug/server.ts');
    const {address, uid: debugUid, gid: debugGid} = config.debug;
    await prepareSocketPath(address);
    scope.use(await listenDebug({path: address, uid: debugUid, gid: debugGid, describe, log}), 'debug');
  }
  if (config.tcp.address !== '') {
    const tls = await readTls(config.tcp);
    if (!tls?.ca)
      log.warn(
        {address: config.tcp.address},
        'TCP socket for anybody who can reach it: no client certificate is asked for',
      );
    scope.use(await listenTcp({...options, address: config.tcp.address, ...(tls && {tls})}), 'tcp');
  }
  scope.use(await listenGrpc({...options, path, uid, gid}), 'grpc');
}

async function collectMetrics(config: Config, log: Logger, calls: CallMetrics, tasks: Tasks): Promise<Family[]> {
  const labels = {revision: gitCommit, version: containerdVersion};
  const build: Family = {
    name: 'containerd_build_info_total',
    help: 'containerd build information',
    type: 'counter',
    samples: [{labels, value: 1}],
  };
  const families = [build, ...calls.families(), ...processFamilies()];
  if (!config.metrics.containers) return families;
  const {containerFamilies} = await import('./services/metrics/container-families.ts');
  const timeoutMs = config.timeouts['io.containerd.timeout.metrics.shimstats'];
  return [...families, ...containerFamilies(await tasks.statistics(log, timeoutMs))];
}

async function readTls({cert, key, ca}: Config['tcp']): Promise<{cert: string; key: string; ca?: string} | undefined> {
  if (cert === '') return undefined;
  try {
    const [certText, keyText] = [await readFile(cert, 'utf8'), await readFile(key, 'utf8')];
    return {cert: certText, key: keyText, ...(ca !== '' && {ca: await readFile(ca, 'utf8')})};
  } catch (error) {
    throw new EngineError('not-found', `cannot read TLS files of grpc.tcp_address: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
