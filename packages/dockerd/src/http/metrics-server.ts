/** `--metrics-addr` and `<exec-root>/metrics.sock`: GET /metrics and nothing else. */
import {rm} from 'node:fs/promises';
import net from 'node:net';
import {EngineError, messageOf} from '@longshore/errdefs';
import {closeFd, listenUnix} from '@longshore/linux';
import {type ExchangeHandler, type ServedConnection, serveConnection} from './wire/connection.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';
/** As the original makes it: plugins that are given the socket run as root. */
const socketMode = 0o755;

/** Serves what `text` returns at a TCP address such as `127.0.0.1:9323`. Throws when it cannot listen there. */
export async function serveMetricsAt(address: string, text: () => string): Promise<AsyncDisposable> {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (port === undefined) {
    throw new EngineError(
      'invalid-argument',
      `failed to start metrics server: listen tcp: address ${address}: missing port in address`,
    );
  }
  const name = host.replace(/^\[(.*)\]$/, '$1');
  return listen({...(name === '' ? {} : {host: name}), port: Number(port)}, text);
}

/** The same on a unix socket, for plugins. A socket that a killed daemon left is replaced. */
export async function serveMetricsOn(path: string, text: () => string): Promise<AsyncDisposable> {
  await rm(path, {force: true});
  const fd = listenUnix(path, {mode: socketMode});
  try {
    const server = await listen({fd}, text);
    return {
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await rm(path, {force: true});
      },
    };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

async function listen(target: net.ListenOptions | {fd: number}, text: () => string): Promise<AsyncDisposable> {
  const connections = new Set<ServedConnection>();
  const server = net.createServer({allowHalfOpen: true}, socket => {
    socket.on('error', () => {}); // 'close' follows
    const connection = serveConnection(socket, metricsHandler(text));
    connections.add(connection);
    void connection.done.finally(() => connections.delete(connection));
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(target, listening.resolve);
  try {
    await listening.promise;
  } catch (error) {
    throw new EngineError('unavailable', `failed to start metrics server: ${messageOf(error)}`, {cause: error});
  }
  return {
    async [Symbol.asyncDispose]() {
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

function metricsHandler(text: () => string): ExchangeHandler {
  return async ({head, response}) => {
    const isMetrics = head.target.split('?')[0] === '/metrics';
    if (!isMetrics) return response.send(404, 'text/plain; charset=utf-8', '404 page not found\n');
    if (head.method !== 'GET' && head.method !== 'HEAD') {
      return response.send(405, 'text/plain; charset=utf-8', 'Method Not Allowed\n');
    }
    response.send(200, contentType, text());
  };
}
