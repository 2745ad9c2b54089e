/** `--log-opt` of the driver gelf. */
import {splitHostPort, splitScheme} from './address.ts';
import {invalid, type LogOptions} from './values.ts';

export interface GelfSettings {
  protocol: 'udp' | 'tcp';
  host: string;
  port: number;
  compression: 'gzip' | 'zlib' | 'none';
  /** Of zlib: -1 to 9. */
  level: number;
  /** Attempts to connect again when the connection breaks, and milliseconds between them. */
  reconnects: number;
  reconnectDelayMs: number;
}

/** Throws Docker's messages. */
export function parseGelfOptions(options: LogOptions): GelfSettings {
  const {protocol, host, port} = parseAddress(options['gelf-address'] ?? '');
  const isTcp = protocol === 'tcp';
  for (const [name, value] of Object.entries(options)) {
    if (name.startsWith('gelf-compression-') && isTcp) throw invalid('compression is only supported on UDP');
    if (name.startsWith('gelf-tcp-') && !isTcp) throw invalid(`"${name}" is only valid for TCP`);
    if (name.startsWith('gelf-tcp-') && !/^\d{1,9}$/.test(value)) {
      throw invalid(`"${name}" must be a positive integer`);
    }
  }
  return {
    ...{protocol, host, port},
    compression: parseCompression(options['gelf-compression-type'] ?? 'gzip'),
    level: parseLevel(options['gelf-compression-level'] ?? '1'),
    reconnects: Number(options['gelf-tcp-max-reconnect'] ?? 3),
    reconnectDelayMs: Number(options['gelf-tcp-reconnect-delay'] ?? 1) * 1000,
  };
}

function parseAddress(address: string): Pick<GelfSettings, 'protocol' | 'host' | 'port'> {
  if (address === '') throw invalid('gelf-address is a required parameter');
  const [protocol = '', rest = ''] = splitScheme(address) ?? [];
  if (protocol !== 'udp' && protocol !== 'tcp') {
    throw invalid(`gelf-address should be in form proto://address, got ${address}`);
  }
  const {host = '', port = ''} = splitHostPort(rest.replace(/[/?#].*$/, '')) ?? {};
  if (port === '' || !/^\d{1,5}$/.test(port)) {
    throw invalid('gelf: please provide gelf-address as proto://host:port');
  }
  return {protocol, host: host || '127.0.0.1', port: Number(port)};
}

function parseCompression(text: string): GelfSettings['compression'] {
  if (text === 'gzip' || text === 'zlib' || text === 'none') return text;
  throw unknownValue(text, 'gelf-compression-type');
}

function parseLevel(text: string): number {
  if (!/^-?\d$/.test(text) || Number(text) < -1) throw unknownValue(text, 'gelf-compression-level');
  return Number(text);
}

function unknownValue(value: string, option: string) {
  return invalid(`unknown value ${JSON.stringify(value)} for log opt "${option}" for gelf log driver`);
}
