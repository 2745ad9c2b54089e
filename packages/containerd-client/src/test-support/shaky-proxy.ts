/** A TCP proxy that cuts connections in the middle of what the server sends. Tests only. */
import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';

export interface ShakyProxy extends AsyncDisposable {
  readonly host: string;
  connections: number;
  cuts: number;
  /** Bytes from the server. */
  bytes: number;
  /** Bytes of one connection after which it is cut; the next ones until `maxCuts` too. */
  cutAfter: number;
  maxCuts: number;
  /** Bytes of one connection after which it stands still. */
  hangAfter: number;
}

export async function startShakyProxy(target: string): Promise<ShakyProxy> {
  const sockets = new Set<Socket>();
  const never = Number.POSITIVE_INFINITY;
  const proxy = {host: '', connections: 0, cuts: 0, bytes: 0, cutAfter: never, maxCuts: 0, hangAfter: never};
  const server = createServer(client => {
    proxy.connections++;
    let sent = 0;
    const upstream = connect(Number(target.split(':')[1]), '127.0.0.1');
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => sockets.delete(socket) && end());
    }
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      proxy.bytes += chunk.length;
      if (sent > proxy.hangAfter) upstream.pause();
      if (sent > proxy.cutAfter && proxy.cuts < proxy.maxCuts) {
        proxy.cuts++;
        end();
      } else if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => sent <= proxy.hangAfter && upstream.resume());
      }
    });
    upstream.on('end', () => client.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(proxy, {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
}
