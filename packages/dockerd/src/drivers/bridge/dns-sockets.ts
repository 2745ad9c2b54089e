/** Sockets of the embedded DNS server: inside a container's network towards it, outside or inside towards other servers. */
import {createSocket, type Socket as UdpSocket} from 'node:dgram';
import {connect, createServer, isIPv6, type Server, type Socket} from 'node:net';
import type {Logger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {bindInet, closeFd, inetSocketName, inNetns} from '@longshore/linux';
import type {DnsSockets, DnsTransport} from '../../core/networks/ports.ts';
import {readDnsMessages, writeDnsMessage} from './dns-framing.ts';
import {redirectDns} from './dns-redirect.ts';

const serverAddress = '127.0.0.11';
const answerTimeoutMs = 4_000;
/** A client that keeps its TCP connection open without asking. */
const idleTimeoutMs = 10_000;

type OnQuery = (query: Buffer, transport: DnsTransport) => Promise<Buffer | undefined>;

/** `path` is where to find iptables-restore. */
export function dnsSockets(path: string, log: Logger): DnsSockets {
  return {
    async listen({namespace, isAdopted}, onQuery) {
      const udp = listenUdp(namespace, onQuery, log);
      const tcp = await listenTcp(namespace, onQuery, log);
      const close = () => {
        udp.close();
        tcp.close();
      };
      try {
        await redirectDns(namespace, {udp: udp.address().port, tcp: tcp.port}, {path, isAdopted});
        return close;
      } catch (error) {
        close();
        throw error;
      }
    },
    ask: ({namespace, server, transport}, query) =>
      transport === 'tcp' ? askTcp(server, query) : askUdp(namespace, server, query),
  };
}

/** Addresses only: looking one up must not leave this turn of the loop, or the socket would be the host's. */
function lookup(
  address: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, address, isIPv6(address) ? 6 : 4);
}

function newUdpSocket(address: string): UdpSocket {
  return createSocket({type: isIPv6(address) ? 'udp6' : 'udp4', lookup: lookup as never});
}

function listenUdp(namespace: string, onQuery: OnQuery, log: Logger): UdpSocket {
  const socket = newUdpSocket(serverAddress);
  socket.on('error', error => log.warn({namespace, error}, 'DNS socket failed'));
  socket.on('message', (query, {address, port}) => {
    onQuery(query, 'udp').then(
      answer => answer && socket.send(answer, port, address, () => {}), // it may have been closed meanwhile
      error => log.warn({error}, 'cannot answer a DNS query'),
    );
  });
  bindIn(namespace, socket, serverAddress);
  return socket;
}

/** The system call happens before this returns: its namespace is that of the moment. */
function bindIn(namespace: string | undefined, socket: UdpSocket, address: string): void {
  const bind = () => {
    socket.bind(0, address);
  };
  if (namespace === undefined) bind();
  else inNetns(namespace, bind);
}

async function listenTcp(namespace: string, onQuery: OnQuery, log: Logger): Promise<{port: number; close(): void}> {
  const fd = inNetns(namespace, () => bindInet('tcp', serverAddress, 0));
  const {port} = inetSocketName(fd);
  const connections = new Set<Socket>();
  const server: Server = createServer(socket => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, onQuery, log);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({fd}, resolve);
  }).catch(error => {
    closeFd(fd);
    throw error;
  });
  server.on('error', error => log.warn({namespace, error}, 'DNS socket failed'));
  return {
    port,
    close() {
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

function serveConnection(socket: Socket, onQuery: OnQuery, log: Logger): void {
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy()); // the client's own affair
  readDnsMessages(socket, query => {
    onQuery(query, 'tcp').then(
      answer => answer && writeDnsMessage(socket, answer),
      error => log.warn({error}, 'cannot answer a DNS query'),
    );
  });
}

async function askUdp(namespace: string | undefined, server: string, query: Buffer): Promise<Buffer> {
  const socket = newUdpSocket(server);
  try {
    return await within(
      server,
      new Promise((resolve, reject) => {
        socket.on('error', reject);
        socket.on('message', message => {
          if (message.length >= 2 && message.readUInt16BE(0) === query.readUInt16BE(0)) resolve(message);
        });
        // Connected, so that an answer from elsewhere is not taken, and a refusal is an error at once.
        socket.once('listening', () => socket.connect(53, server));
        socket.once('connect', () => socket.send(query));
        bindIn(namespace, socket, isIPv6(server) ? '::' : '0.0.0.0');
      }),
    );
  } finally {
    socket.close();
  }
}

async function askTcp(server: string, query: Buffer): Promise<Buffer> {
  const socket = connect({host: server, port: 53});
  try {
    return await within(
      server,
      new Promise((resolve, reject) => {
        socket.on('error', reject);
        socket.on('close', () => reject(new EngineError('unavailable', `name server ${server} closed the connection`)));
        readDnsMessages(socket, resolve);
        writeDnsMessage(socket, query);
      }),
    );
  } finally {
    socket.destroy();
  }
}

async function within(server: string, answer: Promise<Buffer>): Promise<Buffer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new EngineError('deadline-exceeded', `name server ${server} did not answer within ${answerTimeoutMs} ms`),
    );
  }, answerTimeoutMs);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
