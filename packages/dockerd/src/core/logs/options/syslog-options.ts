/** `--log-opt` of the driver syslog. */
import {splitHostPort, splitScheme} from './address.ts';
import {invalid, type LogOptions} from './values.ts';

export type SyslogFormat = 'unix' | 'rfc3164' | 'rfc5424' | 'rfc5424micro';

export type SyslogAddress =
  /** The machine's own collector, wherever its socket is. */
  | {protocol: 'system'}
  | {protocol: 'unix' | 'unixgram'; path: string}
  | {protocol: 'udp' | 'tcp' | 'tcp+tls'; host: string; port: number};

export interface SyslogSettings {
  address: SyslogAddress;
  /** 0 to 23. */
  facility: number;
  format: SyslogFormat;
  tls: {ca: string | undefined; certificate: string | undefined; key: string | undefined; skipVerify: boolean};
}

const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
];
const firstLocal = 16;
const localNames = Array.from({length: 8}, (_, i) => `local${i}`);
const daemon = 3;
const standardPort = 514;

/** Throws Docker's messages. */
export function parseSyslogOptions(options: LogOptions): SyslogSettings {
  return {
    address: parseAddress(options['syslog-address'] ?? ''),
    facility: parseFacility(options['syslog-facility'] ?? ''),
    format: parseFormat(options['syslog-format'] ?? ''),
    tls: {
      ca: options['syslog-tls-ca-cert'],
      certificate: options['syslog-tls-cert'],
      key: options['syslog-tls-key'],
      // As in Docker, the option alone is enough: its value is not looked at.
      skipVerify: options['syslog-tls-skip-verify'] !== undefined,
    },
  };
}

function parseAddress(address: string): SyslogAddress {
  if (address === '') return {protocol: 'system'};
  const [protocol = '', rest = ''] = splitScheme(address) ?? [];
  if (protocol === 'unix' || protocol === 'unixgram') return {protocol, path: rest};
  if (protocol !== 'udp' && protocol !== 'tcp' && protocol !== 'tcp+tls') {
    throw invalid(`syslog-address should be in form proto://address, got ${address}`);
  }
  const authority = rest.replace(/[/?#].*$/, '');
  const target = splitHostPort(authority);
  if (!target) throw invalid(`address ${authority}: too many colons in address`);
  const port = target.port === '' ? standardPort : Number(target.port);
  if (!Number.isInteger(port) || port > 65_535) throw invalid(`address ${authority}: invalid port`);
  return {protocol, host: target.host || '127.0.0.1', port};
}

function parseFacility(text: string): number {
  if (text === '') return daemon;
  if (facilities.includes(text)) return facilities.indexOf(text);
  if (localNames.includes(text)) return firstLocal + localNames.indexOf(text);
  const number = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  if (number < 0 || number > 23) throw invalid('invalid syslog facility');
  return number;
}

function parseFormat(text: string): SyslogFormat {
  if (text === '') return 'unix';
  if (text === 'rfc3164' || text === 'rfc5424' || text === 'rfc5424micro') return text;
  throw invalid('Invalid syslog format');
}
