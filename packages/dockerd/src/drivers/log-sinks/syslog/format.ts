/** Messages of syslog, as Docker writes them: the tag stands for the program, the daemon's pid for the process. */
import {type LogEntry, textOf} from '../../../core/logs/log-entry.ts';
import type {SyslogFormat} from '../../../core/logs/options/syslog-options.ts';

export interface SyslogHeader {
  facility: number;
  hostname: string;
  tag: string;
  pid: number;
}

const severity = {stdout: 6, stderr: 3} as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The message with its line feed, before any framing. */
export function formatSyslog(entry: LogEntry, format: SyslogFormat, header: SyslogHeader): Buffer {
  const {facility, hostname, tag, pid} = header;
  const priority = `<${facility * 8 + severity[entry.stream]}>`;
  const heads: Record<SyslogFormat, () => string> = {
    unix: () => `${priority}${stamp(entry.timeNano)} ${tag}[${pid}]: `,
    rfc3164: () => `${priority}${stamp(entry.timeNano)} ${hostname} ${tag}[${pid}]: `,
    rfc5424: () => `${priority}1 ${rfc3339(entry.timeNano, 0)} ${hostname} ${tag} ${pid} ${tag} - `,
    rfc5424micro: () => `${priority}1 ${rfc3339(entry.timeNano, 6)} ${hostname} ${tag} ${pid} ${tag} - `,
  };
  return Buffer.concat([Buffer.from(heads[format]()), textOf(entry.line), Buffer.from('\n')]);
}

/** RFC 5425: the length stands before the message, so that it may have line feeds. */
export function frameWithLength(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message]);
}

/** `Nov  1 07:10:08`, local time. */
function stamp(timeNano: bigint): string {
  const date = dateOf(timeNano);
  return `${months[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock(date)}`;
}

/** Local time with its offset, and so many digits of the second. */
function rfc3339(timeNano: bigint, digits: number): string {
  const date = dateOf(timeNano);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const fraction = String(timeNano % 1_000_000_000n)
    .padStart(9, '0')
    .slice(0, digits);
  return `${day}T${clock(date)}${fraction && `.${fraction}`}${offset(date)}`;
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return 'Z';
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

function clock(date: Date): string {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

function dateOf(timeNano: bigint): Date {
  return new Date(Number(timeNano / 1_000_000n));
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}
