/** Passes TCP connections on to the container. Each side may close its half first. */
import {connect, createServer, type Server, type Socket} from 'node:net';
import type {ProxyOptions} from './options.ts';

export interface RunningProxy {
  /** Where it serves. */
  port: number;
  close(): void;
}

/** `listener` is a listening socket to take over. Throws when the address cannot be had. */
export async function startTcpProxy(options: ProxyOptions, listener: number | undefined): Promise<RunningProxy> {
  const server = createServer({allowHalfOpen: true}, client => passOn(client, options));
  await listening(
    server,
    listener === undefined ? {host: options.hostAddress, port: options.hostPort} : {fd: listener},
  );
  server.on('error', () => {}); // one connection that could not be accepted (too many files) is no reason to end
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.hostPort,
    close: () => server.close(),
  };
}

function listening(server: Server, where: {host: string; port: number} | {fd: number}): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** pipe() ends the one side when the other has ended, and waits for the slower of the two. */
function passOn(client: Socket, {containerAddress, containerPort}: ProxyOptions): void {
  const backend = connect({host: containerAddress, port: containerPort, allowHalfOpen: true, noDelay: true});
  client.setNoDelay(true);
  const drop = () => {
    client.destroy();
    backend.destroy();
  };
  for (const socket of [client, backend]) socket.on('error', drop);
  client.on('close', hadError => hadError && drop());
  backend.on('close', hadError => hadError && drop());
  client.pipe(backend);
  backend.pipe(client);
}
