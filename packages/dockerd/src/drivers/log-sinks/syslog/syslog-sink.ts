/** The driver syslog. */
import {readFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import type {ConnectionOptions} from 'node:tls';
import {EngineError, messageOf} from '@longshore/errdefs';
import {type LogEntry, textOf} from '../../../core/logs/log-entry.ts';
import {
  parseSyslogOptions,
  type SyslogAddress,
  type SyslogSettings,
} from '../../../core/logs/options/syslog-options.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import type {LogSink} from '../log-sink.ts';
import {ReconnectingStream} from '../reconnecting.ts';
import {sendWhenTaken} from '../send-when-taken.ts';
import type {Endpoint} from '../stream-connection.ts';
import {UdpSocket} from '../udp-socket.ts';
import {formatSyslog, frameWithLength} from './format.ts';

/** Sends formatted messages in order. */
interface Transport {
  send(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
  close(signal: AbortSignal): Promise<void>;
}

/** Where the machine's own collector may listen. */
const systemSockets = ['/dev/log', '/var/run/syslog', '/var/run/log'];

/** Throws when the collector cannot be reached; with UDP nobody can tell. */
export async function openSyslogSink({options, tag}: LogRequest): Promise<LogSink> {
  const settings = parseSyslogOptions(options);
  const {facility, format, address} = settings;
  const transport = await openTransport(address, settings);
  const header = {facility, hostname: hostname(), tag, pid: process.pid};
  // Over TLS the messages of RFC 5424 are framed by their length.
  const isFramed = address.protocol === 'tcp+tls' && format.startsWith('rfc5424');
  const toMessage = (entry: LogEntry) => {
    const message = formatSyslog(entry, format, header);
    return isFramed ? frameWithLength(message) : message;
  };
  return {
    // Empty lines are left out, as the original does.
    send: (entries, signal) => transport.send(entries.filter(hasText).map(toMessage), signal),
    close: signal => transport.close(signal),
  };
}

function hasText({line}: LogEntry): boolean {
  return textOf(line).length > 0;
}

async function openTransport(address: SyslogAddress, settings: SyslogSettings): Promise<Transport> {
  switch (address.protocol) {
    case 'system':
      return openSystemTransport();
    case 'unixgram':
      return datagrams(address.path);
    case 'unix':
      return openStream({network: 'unix', path: address.path});
    case 'udp':
      return openUdp(address.host, address.port);
    case 'tcp':
      return openStream({network: 'tcp', host: address.host, port: address.port});
    case 'tcp+tls':
      return openStream({network: 'tls', host: address.host, port: address.port, tls: await loadTls(settings.tls)});
  }
}

async function openSystemTransport(): Promise<Transport> {
  for (const path of systemSockets) {
    try {
      return await openStream({network: 'unix', path});
    } catch (error) {
      // Not there: the next one. A socket of the other kind says so.
      if (((error as Error).cause as NodeJS.ErrnoException)?.code === 'EPROTOTYPE') return datagrams(path);
    }
  }
  throw new EngineError('unavailable', 'Unix syslog delivery error');
}

function datagrams(path: string): Transport {
  return {
    async send(messages, signal) {
      for (const message of messages) await sendWhenTaken(path, message, signal);
    },
    async close() {},
  };
}

async function openUdp(host: string, port: number): Promise<Transport> {
  const socket = await UdpSocket.open(host, port);
  return {
    async send(messages) {
      for (const message of messages) await socket.send(message);
    },
    async close() {
      socket.close();
    },
  };
}

/** A broken connection is made anew once for each batch, as the original does for each message. */
async function openStream(endpoint: Endpoint): Promise<Transport> {
  const stream = new ReconnectingStream(endpoint, {attempts: 1, delayMs: () => 0});
  await stream.connect();
  return {
    async send(messages, signal) {
      if (messages.length === 0) return;
      await stream.run(connection => connection.write(Buffer.concat(messages), signal), signal);
    },
    close: signal => stream.close(signal),
  };
}

async function loadTls({ca, certificate, key, skipVerify}: SyslogSettings['tls']): Promise<ConnectionOptions> {
  return {
    rejectUnauthorized: !skipVerify,
    ...(ca ? {ca: await load(ca, 'could not read CA certificate')} : {}),
    ...(certificate ? {cert: await load(certificate, 'could not load X509 key pair')} : {}),
    ...(key ? {key: await load(key, 'could not load X509 key pair')} : {}),
  };
}

async function load(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `open ${path}: no such file or directory` : messageOf(error);
    throw new EngineError('invalid-argument', `${what} ${JSON.stringify(path)}: ${reason}`, {cause: error});
  }
}
