/** `--log-opt` of the driver splunk. As in Docker, they are read when the container starts. */
import {invalid, type LogOptions, parseBool, parseInteger} from './values.ts';

export interface SplunkSettings {
  /** Of the collector: scheme, host and port, without a path. */
  url: URL;
  token: string;
  source: string;
  sourceType: string;
  index: string;
  format: 'inline' | 'json' | 'raw';
  caPath: string | undefined;
  /** Name that the server's certificate must have, where it is not the host of the URL. */
  caName: string | undefined;
  skipVerify: boolean;
  verifyConnection: boolean;
  gzip: boolean;
  /** Of zlib: -1 to 9. */
  gzipLevel: number;
  indexAcknowledgment: boolean;
}

/** Throws Docker's messages. */
export function parseSplunkOptions(options: LogOptions): SplunkSettings {
  const url = parseUrl(options['splunk-url']);
  const token = options['splunk-token'];
  if (token === undefined) throw invalid('splunk: splunk-token is expected');
  return {
    url,
    token,
    source: options['splunk-source'] ?? '',
    sourceType: options['splunk-sourcetype'] ?? '',
    index: options['splunk-index'] ?? '',
    skipVerify: parseBool(options['splunk-insecureskipverify']) ?? false,
    caPath: options['splunk-capath'],
    caName: options['splunk-caname'],
    gzip: parseBool(options['splunk-gzip']) ?? false,
    gzipLevel: parseLevel(options['splunk-gzip-level']),
    verifyConnection: parseBool(options['splunk-verify-connection']) ?? true,
    indexAcknowledgment: parseBool(options['splunk-index-acknowledgment']) ?? false,
    format: parseFormat(options['splunk-format'] ?? 'inline'),
  };
}

function parseUrl(text: string | undefined): URL {
  if (text === undefined) throw invalid('splunk: splunk-url is expected');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare = url && (url.pathname === '/' || url.pathname === '') && url.search === '' && url.hash === '';
  if (!isBare || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.hostname === '') {
    throw invalid('splunk: expected format scheme://dns_name_or_ip:port for splunk-url');
  }
  return url;
}

function parseLevel(text: string | undefined): number {
  if (text === undefined) return -1;
  const level = parseInteger(text, 'ParseInt');
  if (level < -1 || level > 9) {
    throw invalid(`not supported level '${text}' for splunk-gzip-level (supported values between -1 and 9)`);
  }
  return level;
}

function parseFormat(text: string): SplunkSettings['format'] {
  if (text === 'inline' || text === 'json' || text === 'raw') return text;
  throw invalid(`Unknown format specified ${text}, supported formats are inline, json and raw`);
}
