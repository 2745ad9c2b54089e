/** Opens a connection to the engine: unix socket, TCP with or without TLS, or through ssh. */
import {connect, type Socket} from 'node:net';
import type {TlsMaterial, Transport} from './endpoint.ts';

/** Resolves with a connected socket that may be half-closed; rejects with the system's error. */
export async function openTransport(transport: Transport): Promise<Socket> {
  if (transport.kind === 'unix') return connected(connect({path: transport.path, allowHalfOpen: true}), 'connect');
  if (transport.kind === 'ssh') return (await import('./ssh.ts')).openSsh(transport.destination, transport.args);
  const {host, port, tls} = transport;
  if (tls) return openTls(host, port, tls);
  const socket = connect({host, port, allowHalfOpen: true});
  socket.setKeepAlive(true, 30_000);
  return connected(socket, 'connect');
}

async function openTls(host: string, port: number, tls: TlsMaterial): Promise<Socket> {
  const {connect: connectTls} = await import('node:tls');
  const {isIP} = await import('node:net');
  const socket = connectTls({
    host,
    port,
    ...(tls.ca && {ca: tls.ca}),
    ...(tls.cert && {cert: tls.cert}),
    ...(tls.key && {key: tls.key}),
    ...(!isIP(host) && {servername: host}),
    rejectUnauthorized: tls.verify,
    minVersion: 'TLSv1.2',
  });
  return connected(socket, 'secureConnect');
}

function connected(socket: Socket, event: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      socket.on('error', () => {}); // from here on the reader of the socket reports it
      resolve(socket);
    });
  });
}
