/** The driver gelf: compressed datagrams, or a TCP connection with a zero byte behind each message. */
import {hostname} from 'node:os';
import {promisify} from 'node:util';
import {deflate, gzip} from 'node:zlib';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {LogEntry} from '../../../core/logs/log-entry.ts';
import {type GelfSettings, parseGelfOptions} from '../../../core/logs/options/gelf-options.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import type {LogSink} from '../log-sink.ts';
import {ReconnectingStream} from '../reconnecting.ts';
import {UdpSocket} from '../udp-socket.ts';
import {gelfDatagrams} from './chunks.ts';
import {gelfFields, gelfMessage} from './message.ts';

const compressors = {gzip: promisify(gzip), zlib: promisify(deflate)};
const end = Buffer.from([0]);

/** Throws when the endpoint cannot be reached; with UDP only its name can be wrong. */
export async function openGelfSink(request: LogRequest): Promise<LogSink> {
  const settings = parseGelfOptions(request.options);
  const fields = gelfFields(request);
  const host = hostname();
  const messagesOf = (entries: readonly LogEntry[]) => entries.flatMap(entry => gelfMessage(entry, host, fields) ?? []);
  try {
    return await (settings.protocol === 'tcp' ? openTcp(settings, messagesOf) : openUdp(settings, messagesOf));
  } catch (error) {
    const target = `${settings.host}:${settings.port}`;
    const message = `gelf: cannot connect to GELF endpoint: ${target} ${messageOf(error)}`;
    throw new EngineError('unavailable', message, {cause: error});
  }
}

type Encode = (entries: readonly LogEntry[]) => Buffer[];

async function openTcp({host, port, reconnects, reconnectDelayMs}: GelfSettings, encode: Encode): Promise<LogSink> {
  const policy = {attempts: reconnects, delayMs: () => reconnectDelayMs};
  const stream = new ReconnectingStream({network: 'tcp', host, port}, policy);
  await stream.connect();
  return {
    async send(entries, signal) {
      const data = Buffer.concat(encode(entries).flatMap(message => [message, end]));
      if (data.length > 0) await stream.run(connection => connection.write(data, signal), signal);
    },
    close: signal => stream.close(signal),
  };
}

async function openUdp(settings: GelfSettings, encode: Encode): Promise<LogSink> {
  const socket = await UdpSocket.open(settings.host, settings.port);
  return {
    async send(entries) {
      for (const message of encode(entries)) {
        for (const datagram of gelfDatagrams(await compress(message, settings))) await socket.send(datagram);
      }
    },
    async close() {
      socket.close();
    },
  };
}

async function compress(message: Buffer, {compression, level}: GelfSettings): Promise<Buffer> {
  return compression === 'none' ? message : compressors[compression](message, {level});
}
