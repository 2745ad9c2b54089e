/** The driver fluentd. */
import {randomBytes} from 'node:crypto';
import {
  type FluentdAddress,
  type FluentdSettings,
  parseFluentdOptions,
} from '../../../core/logs/options/fluentd-options.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import type {LogSink} from '../log-sink.ts';
import {ReconnectingStream, type RetryPolicy} from '../reconnecting.ts';
import type {Endpoint, StreamConnection} from '../stream-connection.ts';
import {BufferedSink} from './buffered-sink.ts';
import {fluentdEvent} from './event.ts';
import {readStringMap} from './msgpack.ts';

const growth = 1.5;
const longestWaitMs = 60_000;

/** Throws when the collector cannot be reached, unless the connection may be made later. */
export async function openFluentdSink(request: LogRequest): Promise<LogSink> {
  const settings = parseFluentdOptions(request.options);
  const stream = new ReconnectingStream(endpointOf(settings.address), retryPolicy(settings));
  if (!settings.async) await stream.connect();
  const sink = streamSink(stream, request, settings);
  return settings.async ? new BufferedSink(sink, settings.bufferLimit) : sink;
}

function streamSink(stream: ReconnectingStream, request: LogRequest, settings: FluentdSettings): LogSink {
  const {requestAck, subSecondPrecision, reconnectIntervalMs, writeTimeoutMs} = settings;
  let connectedAt = Date.now();
  return {
    async send(entries, signal) {
      if (reconnectIntervalMs > 0 && Date.now() - connectedAt > reconnectIntervalMs) {
        await stream.drop();
        connectedAt = Date.now();
      }
      const events = entries.map(entry => {
        const acknowledge = requestAck ? randomBytes(16).toString('base64') : undefined;
        return {data: fluentdEvent(entry, request, subSecondPrecision, acknowledge), acknowledge};
      });
      const data = Buffer.concat(events.map(event => event.data));
      const wanted = new Set(events.flatMap(({acknowledge}) => acknowledge ?? []));
      await stream.run(async connection => {
        const limit = writeTimeoutMs > 0 ? AbortSignal.any([signal, AbortSignal.timeout(writeTimeoutMs)]) : signal;
        await connection.write(data, limit);
        await receiveAcknowledgements(connection, wanted, limit);
      }, signal);
    },
    close: signal => stream.close(signal),
  };
}

async function receiveAcknowledgements(
  connection: StreamConnection,
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const missing = new Set(wanted);
  while (missing.size > 0) {
    await connection.receive(data => {
      const answer = readStringMap(data);
      if (!answer) return 0;
      if (!missing.delete(answer.map.ack ?? ''))
        throw new Error(`fluentd acknowledged ${answer.map.ack}, which was not sent`);
      return answer.size;
    }, signal);
  }
}

function endpointOf(address: FluentdAddress): Endpoint {
  if (address.protocol === 'unix') return {network: 'unix', path: address.path};
  const {protocol, host, port} = address;
  return protocol === 'tls' ? {network: 'tls', host, port, tls: {}} : {network: 'tcp', host, port};
}

function retryPolicy({maximumRetries, retryWaitMs}: FluentdSettings): RetryPolicy {
  return {
    attempts: maximumRetries,
    delayMs: attempt => Math.min(retryWaitMs * growth ** (attempt - 1), longestWaitMs),
  };
}
