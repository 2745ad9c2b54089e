/** Passes datagrams on to the container, and what it answers back to whom it is for. */
import {createSocket, type Socket} from 'node:dgram';
import {isIPv6} from 'node:net';
import {bindInet, closeFd, inetSocketName, receiveDatagram, sendDatagram, watchFd} from '@longshore/linux';
import type {ProxyOptions} from './options.ts';
import type {RunningProxy} from './tcp-proxy.ts';

/** Docker's: a client that has been silent for this long is forgotten. */
const idleMs = 90_000;
const sweepMs = 10_000;
/** Each client costs a socket. The one that has been here longest goes first. */
const maximumClients = 4096;
/** Datagrams in one turn of the event loop, so that answers get theirs. */
const turnDatagrams = 256;

interface Client {
  socket: Socket;
  lastUsed: number;
}

/** `listener` is a bound socket to take over; it is closed with the proxy. Throws when the address cannot be had. */
export async function startUdpProxy(options: ProxyOptions, listener: number | undefined): Promise<RunningProxy> {
  const front = listener ?? bindInet('udp', options.hostAddress, options.hostPort);
  const clients = new Map<string, Client>();
  const watch = watchFd(front, {readable: () => passOn(front, clients, options)});
  const sweep = setInterval(() => forgetIdle(clients), sweepMs);
  return {
    port: inetSocketName(front).port,
    close() {
      clearInterval(sweep);
      watch[Symbol.dispose]();
      closeFd(front);
      for (const key of [...clients.keys()]) forget(clients, key);
    },
  };
}

/** What is left after a turn is announced again. */
function passOn(front: number, clients: Map<string, Client>, options: ProxyOptions): void {
  for (let i = 0; i < turnDatagrams; i++) {
    let datagram: ReturnType<typeof receiveDatagram>;
    try {
      datagram = receiveDatagram(front);
    } catch {
      continue; // the error of an earlier answer, to a client that is gone
    }
    if (!datagram) return;
    const {data, address, port} = datagram;
    const client = clients.get(`${address}/${port}`) ?? addClient(front, clients, {address, port}, options);
    client.lastUsed = Date.now();
    client.socket.send(data, options.containerPort, options.containerAddress, ignore);
  }
}

function addClient(
  front: number,
  clients: Map<string, Client>,
  from: {address: string; port: number},
  {containerAddress}: ProxyOptions,
): Client {
  const [oldest] = clients.keys();
  if (clients.size >= maximumClients && oldest !== undefined) forget(clients, oldest);
  const socket = isIPv6(containerAddress) ? createSocket('udp6') : createSocket('udp4');
  const client = {socket, lastUsed: Date.now()};
  socket.on('error', ignore); // nobody listens in the container
  socket.on('message', data => {
    client.lastUsed = Date.now();
    answer(front, data, from);
  });
  clients.set(`${from.address}/${from.port}`, client);
  return client;
}

/** Datagrams may be lost: one that does not go is dropped. */
function answer(front: number, data: Buffer, {address, port}: {address: string; port: number}): void {
  try {
    sendDatagram(front, data, address, port);
  } catch {
    // The client is gone, or no way leads to it any more.
  }
}

function forgetIdle(clients: Map<string, Client>): void {
  const limit = Date.now() - idleMs;
  for (const [key, {lastUsed}] of clients) if (lastUsed < limit) forget(clients, key);
}

function forget(clients: Map<string, Client>, key: string): void {
  clients.get(key)?.socket.close();
  clients.delete(key);
}

function ignore(): void {}
