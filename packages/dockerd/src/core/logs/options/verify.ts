/** Which logging drivers there are, and the checks of their options when a container is created. */
import {EngineError} from '@longshore/errdefs';
import {parseBytes} from '../../../config/values.ts';
import {parseFluentdOptions} from './fluentd-options.ts';
import {parseGelfOptions} from './gelf-options.ts';
import {parseSyslogOptions} from './syslog-options.ts';
import {invalid, type LogOptions, parseBool} from './values.ts';

interface DriverOptions {
  names: readonly string[];
  /** Reads values that Docker looks at when the container is created; the others are read at its start. */
  verify?(options: LogOptions): unknown;
}

const extra = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const withPrefix = (prefix: string, names: string) => names.split(' ').map(name => `${prefix}-${name}`);

const drivers: Record<string, DriverOptions> = {
  'json-file': {names: ['max-file', 'max-size', 'compress', ...extra]},
  local: {names: ['max-file', 'max-size', 'compress']},
  journald: {names: extra},
  syslog: {
    names: [...extra, ...withPrefix('syslog', 'address facility tls-ca-cert tls-cert tls-key tls-skip-verify format')],
    verify: parseSyslogOptions,
  },
  fluentd: {
    names: [
      ...extra,
      ...withPrefix('fluentd', 'address async async-connect async-reconnect-interval buffer-limit retry-wait'),
      ...withPrefix('fluentd', 'max-retries request-ack sub-second-precision write-timeout'),
    ],
    verify: parseFluentdOptions,
  },
  gelf: {
    names: [
      ...extra,
      ...withPrefix('gelf', 'address compression-level compression-type tcp-max-reconnect tcp-reconnect-delay'),
    ],
    verify: parseGelfOptions,
  },
  splunk: {
    names: [
      ...extra,
      ...withPrefix('splunk', 'url token source sourcetype index capath caname insecureskipverify format'),
      ...withPrefix('splunk', 'verify-connection gzip gzip-level index-acknowledgment'),
    ],
  },
};

/** Drivers of the original that talk to one vendor's cloud: known, and not there. */
const cloudDrivers = ['awslogs', 'gcplogs'];
/** For every driver. */
const commonNames = ['mode', 'max-buffer-size', 'cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress'];

/** The drivers that can be chosen, as `docker info` lists them. */
export const logDriverNames = Object.keys(drivers).sort();

/** Throws Docker's messages for unknown drivers and options. */
export function verifyLogOptions(driver: string, options: LogOptions): void {
  if (driver === 'none') return;
  verifyMode(options);
  if (cloudDrivers.includes(driver)) {
    throw new EngineError('unimplemented', `logging driver ${JSON.stringify(driver)} is not supported`);
  }
  const known = drivers[driver];
  if (!known) throw invalid(`error looking up logging plugin ${driver}: plugin ${JSON.stringify(driver)} not found`);
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => !commonNames.includes(name)));
  const unknown = Object.keys(own).find(name => !known.names.includes(name));
  if (unknown !== undefined && !(driver === 'gelf' && !own['gelf-address'])) {
    throw invalid(unknownOption(unknown, driver));
  }
  known.verify?.(own);
}

function unknownOption(name: string, driver: string): string {
  return driver === 'local'
    ? `unknown log opt '${name}' for log driver local`
    : `unknown log opt '${name}' for ${driver} log driver`;
}

function verifyMode({mode = '', 'max-buffer-size': size, 'cache-disabled': disabled}: LogOptions): void {
  if (!['', 'blocking', 'non-blocking'].includes(mode)) throw invalid(`logger: logging mode not supported: ${mode}`);
  if (size !== undefined) {
    if (mode !== 'non-blocking') {
      throw invalid(`logger: max-buffer-size option is only supported with 'mode=non-blocking'`);
    }
    parseBufferSize(size);
  }
  try {
    parseBool(disabled);
  } catch {
    throw invalid(`invalid value for option cache-disabled: ${disabled}`);
  }
}

/** Bytes. */
export function parseBufferSize(text: string): number {
  try {
    return parseBytes(text);
  } catch {
    throw invalid(`error parsing option max-buffer-size: invalid size: '${text}'`);
  }
}
