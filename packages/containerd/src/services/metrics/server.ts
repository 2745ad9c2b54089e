/** Prometheus' page: `GET /v1/metrics` on a TCP address. */
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {Logger} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {type Family, formatFamilies} from '../../core/metrics/families.ts';
import {parseTcpAddress} from '../tcp-address.ts';

const path = '/v1/metrics';

export interface MetricsListenOptions {
  /** `host:port`. */
  address: string;
  collect: () => Promise<Family[]>;
  log: Logger;
}

export async function listenMetrics({address, collect, log}: MetricsListenOptions): Promise<AsyncDisposable> {
  const server = createServer((request, response) => void answer(request, response, collect, log));
  const {host, port} = parseTcpAddress(address);
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({port, ...(host && {host})}, resolve);
  try {
    await promise;
  } catch (error) {
    throw new EngineError('internal', `failed to get listener for metrics endpoint: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return {[Symbol.asyncDispose]: () => close(server)};
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  collect: () => Promise<Family[]>,
  log: Logger,
): Promise<void> {
  if (request.url?.split('?')[0] !== path) {
    response.writeHead(404, {'content-type': 'text/plain; charset=utf-8'}).end('404 page not found\n');
    return;
  }
  try {
    const text = formatFamilies(await collect());
    response.writeHead(200, {'content-type': 'text/plain; version=0.0.4; charset=utf-8'}).end(text);
  } catch (error) {
    log.error({error}, 'cannot collect metrics');
    response.writeHead(500, {'content-type': 'text/plain; charset=utf-8'}).end(`${messageOf(error)}\n`);
  }
}

async function close(server: Server): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
