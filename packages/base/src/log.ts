/** Structured logs in the two shapes that Docker and containerd write: logfmt-like text and JSON lines. */
import {writeSync} from 'node:fs';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = 'text' | 'json';
export type LogFields = Record<string, unknown>;

/** A fixed message and fields: `log.info({container: id}, 'container exited')`. */
export interface Logger {
  readonly level: LogLevel;
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  fatal(fields: LogFields, message: string): void;
  /** A logger whose lines all carry these fields too. */
  child(fields: LogFields): Logger;
  isEnabled(level: LogLevel): boolean;
  /** Changes the level of this logger and of all its children (a reload of the configuration). */
  setLevel(level: LogLevel): void;
}

export interface LoggerOptions {
  level?: LogLevel;
  format?: LogFormat;
  /** Where lines go; standard error by default. */
  write?: (line: string) => void;
  /** Time of a line; for tests. */
  now?: () => Date;
}

type Shared = {level: LogLevel; format: LogFormat; write: (line: string) => void; now: () => Date};

export function createLogger(options: LoggerOptions = {}, fields: LogFields = {}): Logger {
  const shared: Shared = {
    level: options.level ?? 'info',
    format: options.format ?? 'text',
    write: options.write ?? writeToStderr,
    now: options.now ?? (() => new Date()),
  };
  return makeLogger(shared, fields);
}

/** A logger that writes nothing, for tests of pure logic. */
export function discardLogger(): Logger {
  return createLogger({write: () => {}});
}

function makeLogger(shared: Shared, own: LogFields): Logger {
  const isEnabled = (level: LogLevel) => logLevels.indexOf(level) >= logLevels.indexOf(shared.level);
  const emit = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (isEnabled(level)) shared.write(formatLine(shared, level, message, {...own, ...fields}));
  };
  return {
    get level() {
      return shared.level;
    },
    trace: emit('trace'),
    debug: emit('debug'),
    info: emit('info'),
    warn: emit('warn'),
    error: emit('error'),
    fatal: emit('fatal'),
    child: fields => makeLogger(shared, {...own, ...fields}),
    isEnabled,
    setLevel: level => {
      shared.level = level;
    },
  };
}

function formatLine(shared: Shared, level: LogLevel, message: string, fields: LogFields): string {
  const time = shared.now().toISOString();
  const shown = level === 'warn' ? 'warning' : level;
  if (shared.format === 'json') {
    return `${JSON.stringify({...jsonFields(fields), level: shown, msg: message, time})}\n`;
  }
  let line = `time="${time}" level=${shown} msg=${quote(message)}`;
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) line += ` ${key}=${quote(plain(value))}`;
  return `${line}\n`;
}

function jsonFields(fields: LogFields): LogFields {
  const out: LogFields = {};
  for (const [key, value] of Object.entries(fields)) {
    out[key] = value instanceof Error || typeof value === 'bigint' ? plain(value) : value;
  }
  return out;
}

function plain(value: unknown): string {
  if (value instanceof Error) return errorChain(value);
  if (typeof value === 'object' && value !== null) {
    return JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? String(v) : v));
  }
  return String(value);
}

/** The message with those of its causes that it does not already repeat. */
function errorChain(error: Error): string {
  let text = error.message;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (!text.includes(cause.message)) text += `: ${cause.message}`;
  }
  return text;
}

function quote(text: string): string {
  return /^[A-Za-z0-9_./@:^+-]+$/.test(text) ? text : JSON.stringify(text);
}

function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // A closed or full standard error must not end a daemon; there is nowhere left to report it.
  }
}
