import type {Socket} from 'node:net';
import {TLSSocket} from 'node:tls';

export interface PeerIdentity {
  commonName: string;
  /** PEM. */
  certificates: string[];
}

/** Of the certificate that the client has shown and that was checked. */
export function peerIdentity(socket: Socket): PeerIdentity | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const {subject, raw} = socket.getPeerCertificate();
  if (!raw) return undefined;
  const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  const name = subject?.CN ?? '';
  return {commonName: Array.isArray(name) ? (name[0] ?? '') : name, certificates: [pem]};
}
