/** Passes datagrams on to the container, and what it answers back to whom it is for. */
import {createSocket, type RemoteInfo, type Socket} from 'node:dgram';
import {isIPv6} from 'node:net';
import type {ProxyOptions} from './options.ts';
import type {RunningProxy} from './tcp-proxy.ts';

/** Docker's: a client that has been silent for this long is forgotten. */
const idleMs = 90_000;
const sweepMs = 10_000;
/** Each client costs a socket. The one that has been silent longest goes first. */
const maximumClients = 4096;

interface Client {
  socket: Socket;
  lastUsed: number;
}

export async function startUdpProxy(options: ProxyOptions): Promise<RunningProxy> {
  const front = newSocket(options.hostAddress);
  const clients = new Map<string, Client>();
  front.on('message', (data, from) => {
    const client = clients.get(keyOf(from)) ?? addClient(front, clients, from, options);
    client.lastUsed = Date.now();
    client.socket.send(data, options.containerPort, options.containerAddress, ignore);
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.bind(options.hostPort, options.hostAddress, () => {
      front.off('error', reject);
      resolve();
    });
  });
  front.on('error', ignore); // an answer to a client that is gone
  const sweep = setInterval(() => forgetIdle(clients), sweepMs);
  return {
    port: front.address().port,
    close() {
      clearInterval(sweep);
      front.close();
      for (const key of [...clients.keys()]) forget(clients, key);
    },
  };
}

function addClient(front: Socket, clients: Map<string, Client>, from: RemoteInfo, options: ProxyOptions): Client {
  const [oldest] = clients.keys();
  if (clients.size >= maximumClients && oldest !== undefined) forget(clients, oldest);
  const client = {socket: newSocket(options.containerAddress), lastUsed: Date.now()};
  client.socket.on('error', ignore); // nobody listens in the container
  client.socket.on('message', data => {
    client.lastUsed = Date.now();
    front.send(data, from.port, from.address, ignore);
  });
  clients.set(keyOf(from), client);
  return client;
}

function forgetIdle(clients: Map<string, Client>): void {
  const limit = Date.now() - idleMs;
  for (const [key, {lastUsed}] of clients) if (lastUsed < limit) forget(clients, key);
}

function forget(clients: Map<string, Client>, key: string): void {
  clients.get(key)?.socket.close();
  clients.delete(key);
}

function newSocket(address: string): Socket {
  return isIPv6(address) ? createSocket({type: 'udp6', ipv6Only: true}) : createSocket('udp4');
}

function keyOf({address, port}: RemoteInfo): string {
  return `${address}/${port}`;
}

function ignore(): void {}
