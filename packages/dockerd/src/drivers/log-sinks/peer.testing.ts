/** Collectors for tests: real sockets that remember what they got. */
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net';
import {createServer as createTlsServer} from 'node:tls';
import {sleep} from '@longshore/base';
import type {ExecutionContext} from 'ava';
import type {LogEntry, StreamName} from '../../core/logs/log-entry.ts';

const testdata = new URL('testdata/', import.meta.url).pathname;
export const certificatePath = `${testdata}certificate.pem`;
export const keyPath = `${testdata}key.pem`;

export const forever = new AbortController().signal;

export function entry(text: string, stream: StreamName = 'stdout', partial?: LogEntry['partial']): LogEntry {
  const timeNano = 1_795_245_008_123_456_789n;
  return {stream, line: Buffer.from(text), timeNano, ...(partial ? {partial} : {})};
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

export interface StreamPeer {
  port: number;
  /** Everything of all connections, in the order in which it came. */
  received(): Buffer;
  connections: Socket[];
  /** Closes the connections that are open, and listens on. */
  hangUp(): void;
  stop(): Promise<void>;
}

export async function streamPeer(
  t: ExecutionContext,
  {
    path,
    port = 0,
    tls = false,
    answer,
  }: {path?: string; port?: number; tls?: boolean; answer?: (data: Buffer) => Buffer} = {},
): Promise<StreamPeer> {
  const pieces: Buffer[] = [];
  const connections: Socket[] = [];
  const accept = (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      pieces.push(data);
      if (answer) socket.write(answer(data));
    });
  };
  const keys = () => ({cert: readFileSync(certificatePath), key: readFileSync(keyPath)});
  const server: Server = tls ? createTlsServer(keys(), accept) : createServer(accept);
  server.listen(path ? {path} : {port, host: '127.0.0.1'});
  await once(server, 'listening');
  const hangUp = () => {
    for (const socket of connections) socket.destroy();
  };
  const stop = async () => {
    hangUp();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  t.teardown(stop);
  const address = server.address();
  return {
    port: typeof address === 'string' ? 0 : (address as AddressInfo).port,
    received: () => Buffer.concat(pieces),
    connections,
    hangUp,
    stop,
  };
}

export async function udpPeer(t: ExecutionContext): Promise<{port: number; datagrams: Buffer[]}> {
  const socket = createSocket('udp4');
  const datagrams: Buffer[] = [];
  socket.on('message', data => datagrams.push(data));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.teardown(() => void socket.close());
  return {port: socket.address().port, datagrams};
}
