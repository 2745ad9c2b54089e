/** The TLS side of a TCP listener: takes a raw connection, gives back one that is encrypted and whose peer is checked. */
import {readFile} from 'node:fs/promises';
import type {Socket} from 'node:net';
import tls from 'node:tls';
import type {Logger} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {TlsSettings} from '../config/tls-settings.ts';

/** TLS 1.2 with forward secrecy and authenticated encryption; what TLS 1.3 has is all modern. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
const handshakeTimeoutMs = 60_000;
/** First byte of a TLS record that begins a handshake. */
const handshakeRecord = 22;
/** As Go's server answers plain HTTP on a TLS port: clients show the sentence. */
const plainHttpAnswer = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';

export type TlsMaterial = Pick<tls.TlsOptions, 'ca' | 'cert' | 'key'> & {verify: boolean};

/** Reads and checks certificate, key and authority. Throws `invalid-argument`: `invalid TLS configuration: …`. */
export async function loadTlsMaterial({verify, ca, cert, key}: TlsSettings): Promise<TlsMaterial> {
  const pair = `(cert: ${JSON.stringify(cert)}, key: ${JSON.stringify(key)})`;
  const material = {
    verify,
    cert: await readPem(cert, `could not load X509 key pair ${pair}`),
    key: await readPem(key, `could not load X509 key pair ${pair}`),
    ...(verify && ca ? {ca: await readPem(ca, `could not read CA certificate ${JSON.stringify(ca)}`)} : {}),
  };
  if (material.ca && !material.ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw invalid(`failed to append certificates from PEM file: ${JSON.stringify(ca)}`);
  }
  try {
    tls.createSecureContext({cert: material.cert, key: material.key});
    if (material.ca) tls.createSecureContext({ca: material.ca});
  } catch (error) {
    throw invalid(`error reading X509 key pair - make sure the key is not encrypted ${pair}: ${messageOf(error)}`);
  }
  return material;
}

export class TlsAcceptor {
  readonly #server: tls.Server;
  /** By the peer's address: the runtime does not tell which raw connection a secure one is made of. */
  readonly #handshakes = new Map<string, NodeJS.Timeout>();

  /** `onSecure` gets every connection whose handshake succeeded. */
  constructor({verify, ...pem}: TlsMaterial, onSecure: (socket: Socket) => void, log: Logger) {
    this.#server = tls.createServer(
      {...pem, ciphers, minVersion: 'TLSv1.2', requestCert: verify, rejectUnauthorized: verify, allowHalfOpen: true},
      socket => {
        clearTimeout(this.#handshakes.get(peerOf(socket)));
        // Both runtimes have refused such a peer already; this does not rest on it.
        if (verify && !socket.authorized) socket.destroy();
        else onSecure(socket);
      },
    );
    this.#server.on('tlsClientError', (error, socket) => {
      log.info({error, peer: socket.remoteAddress}, 'TLS handshake failed');
      socket.destroy();
    });
  }

  /** Starts the handshake; plain HTTP is answered with a sentence that says what is wrong. */
  accept(raw: Socket): void {
    const timer = setTimeout(() => raw.destroy(), handshakeTimeoutMs);
    timer.unref();
    const peer = peerOf(raw);
    this.#handshakes.set(peer, timer);
    raw.once('close', () => {
      clearTimeout(timer);
      if (this.#handshakes.get(peer) === timer) this.#handshakes.delete(peer);
    });
    raw.once('data', (chunk: Buffer) => {
      raw.pause();
      if (chunk[0] !== handshakeRecord) return void raw.end(plainHttpAnswer, () => raw.destroySoon());
      raw.unshift(chunk);
      this.#server.emit('connection', raw);
    });
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

async function readPem(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw invalid(`${what}: ${missing ? `open ${path}: no such file or directory` : messageOf(error)}`);
  }
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-argument', `invalid TLS configuration: ${message}`);
}
