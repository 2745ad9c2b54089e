/** The log that callers parse: lines as logrus writes them, appended to --log or written to standard error. */
import {constants, openSync, writeSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';
import type {GlobalOptions} from './global-options.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface CommandLog {
  write(level: LogLevel, message: string): void;
  /** True when the log is not what the user sees. */
  isFile: boolean;
}

export function openLog(options: Pick<GlobalOptions, 'log' | 'logFormat'>): CommandLog {
  const isFile = options.log !== undefined && options.log !== '/dev/stderr';
  const fd = isFile ? openLogFile(options.log!) : 2;
  return {isFile, write: (level, message) => writeLine(fd, logLine(options.logFormat, level, message, new Date()))};
}

function openLogFile(path: string): number {
  const {O_CREAT, O_APPEND, O_WRONLY, O_SYNC} = constants;
  try {
    return openSync(path, O_CREAT | O_APPEND | O_WRONLY | O_SYNC, 0o644);
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or directory' : message;
    throw new EngineError('invalid-argument', `open ${path}: ${why}`, {cause: error});
  }
}

/** One line with its newline. Times have seconds, in UTC. */
export function logLine(format: 'text' | 'json', level: LogLevel, message: string, now: Date): string {
  const time = `${now.toISOString().slice(0, 19)}Z`;
  if (format === 'json') return `${JSON.stringify({level, msg: message, time})}\n`;
  const shown = /^[A-Za-z0-9._/@^+-]+$/.test(message) ? message : JSON.stringify(message);
  return `time="${time}" level=${level} msg=${shown}\n`;
}

/** A log that cannot be written must not turn success into failure; there is nowhere else to say so. */
function writeLine(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE' && fd !== 2) throw error;
  }
}
