/** `--log-opt` of the driver fluentd. */
import {messageOf} from '@longshore/errdefs';
import {parseDuration} from '@longshore/term';
import {parseBytes} from '../../../config/values.ts';
import {splitHostPort, splitScheme} from './address.ts';
import {invalid, type LogOptions, parseBool, parseInteger} from './values.ts';

export type FluentdAddress = {protocol: 'unix'; path: string} | {protocol: 'tcp' | 'tls'; host: string; port: number};

export interface FluentdSettings {
  address: FluentdAddress;
  /** Starts without a connection, and makes it while the container runs. */
  async: boolean;
  /** Milliseconds after which an asynchronous connection is made anew; 0 for never. */
  reconnectIntervalMs: number;
  /** Bytes that may wait for an asynchronous connection. */
  bufferLimit: number;
  retryWaitMs: number;
  maximumRetries: number;
  /** Waits for an acknowledgement of every message. */
  requestAck: boolean;
  subSecondPrecision: boolean;
  /** Milliseconds; 0 for no limit. */
  writeTimeoutMs: number;
}

const standardPort = 24_224;
const nanosecondsPerMs = 1_000_000;
const shortestReconnectMs = 100;
const longestReconnectMs = 10_000;

/** Throws Docker's messages. */
export function parseFluentdOptions(options: LogOptions): FluentdSettings {
  const {'fluentd-async': async, 'fluentd-async-connect': asyncConnect} = options;
  if (async !== undefined && asyncConnect !== undefined) {
    throw invalid(`conflicting options: cannot specify both 'fluentd-async' and 'fluentd-async-connect`);
  }
  const limit = options['fluentd-buffer-limit'];
  const retries = options['fluentd-max-retries'];
  return {
    address: parseAddress(options['fluentd-address'] ?? ''),
    async: parseBool(async ?? asyncConnect) ?? false,
    reconnectIntervalMs: parseReconnectInterval(options['fluentd-async-reconnect-interval']),
    bufferLimit: limit === undefined ? 1024 * 1024 : parseBytes(limit),
    retryWaitMs: readDuration(options['fluentd-retry-wait']) ?? 1000,
    maximumRetries: retries === undefined ? 2 ** 31 - 1 : parseInteger(retries, 'ParseUint'),
    requestAck: parseBool(options['fluentd-request-ack']) ?? false,
    subSecondPrecision: parseBool(options['fluentd-sub-second-precision']) ?? false,
    writeTimeoutMs: parseWriteTimeout(options['fluentd-write-timeout']),
  };
}

function parseAddress(text: string): FluentdAddress {
  const fail = (reason: string) => invalid(`invalid fluentd-address (${text}): ${reason}`);
  const [protocol, rest] = splitScheme(text) ?? ['tcp', text];
  if (protocol === 'unix') {
    if (rest.replace(/^\/+/, '') === '') throw fail('path is empty');
    return {protocol, path: rest};
  }
  if (protocol !== 'tcp' && protocol !== 'tls') throw fail(`unsupported scheme: '${protocol}'`);
  if (rest.includes('/')) throw fail('should not contain a path element');
  const target = splitHostPort(rest);
  if (!target) throw fail('too many colons in address');
  const port = target.port === '' ? standardPort : Number(target.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw fail(`invalid port: strconv.ParseUint: parsing ${JSON.stringify(target.port)}: invalid syntax`);
  }
  return {protocol, host: target.host || '127.0.0.1', port};
}

function parseReconnectInterval(text: string | undefined): number {
  const interval = readDuration(text) ?? 0;
  if (interval !== 0 && (interval < shortestReconnectMs || interval > longestReconnectMs)) {
    throw invalid(`invalid value for fluentd-async-reconnect-interval: value (${text}) must be between 100ms and 10s`);
  }
  return interval;
}

function parseWriteTimeout(text: string | undefined): number {
  const timeout = readDuration(text) ?? 0;
  if (timeout < 0) throw invalid('invalid value for fluentd-write-timeout: value must be a positive duration');
  return timeout;
}

/** Milliseconds. */
function readDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseDuration(text) / nanosecondsPerMs;
  } catch (error) {
    throw invalid(messageOf(error));
  }
}
