/** What the runtime said about its failure: its --log file, of which only the part written by this run counts. */
import {closeSync, openSync, readSync, statSync} from 'node:fs';

/** An error quotes what it is about, and may do so twice and with escapes. */
const maximumBytes = 16 * 1024 * 1024;

/** Size of the log before a run; 0 if it does not exist yet. */
export function logOffset(path: string): number {
  return statSync(path, {throwIfNoEntry: false})?.size ?? 0;
}

/** The last error that a run wrote to its log after `offset`; undefined if it wrote none. */
export function lastErrorInLog(path: string, offset: number): string | undefined {
  return lastError(readFrom(path, offset));
}

/** Finds the last `level=error` (or fatal) entry of a log in JSON or text form and returns its message. */
export function lastError(log: string): string | undefined {
  const lines = log.split('\n');
  for (let i = lines.length - 1; i >= 0; i--) {
    const message = errorOfLine(lines[i]!);
    if (message !== undefined) return message;
  }
  return undefined;
}

function errorOfLine(line: string): string | undefined {
  if (line.startsWith('{')) return errorOfJson(line);
  const match = /\blevel=(?:error|fatal) msg=("(?:[^"\\]|\\.)*"|\S*)/.exec(line);
  if (!match) return undefined;
  const quoted = match[1]!;
  if (!quoted.startsWith('"')) return quoted;
  try {
    return JSON.parse(quoted.replaceAll(/\\x([0-9a-f]{2})/g, '\\u00$1'));
  } catch {
    return quoted.slice(1, -1); // Go escapes that JSON does not know: better unreadable than lost
  }
}

function errorOfJson(line: string): string | undefined {
  try {
    const entry = JSON.parse(line) as {level?: unknown; msg?: unknown};
    return (entry.level === 'error' || entry.level === 'fatal') && typeof entry.msg === 'string'
      ? entry.msg
      : undefined;
  } catch {
    return undefined; // a line cut short by a killed runtime
  }
}

function readFrom(path: string, offset: number): string {
  const size = logOffset(path);
  const length = Math.min(size - offset, maximumBytes);
  if (length <= 0) return '';
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    const count = readSync(fd, bytes, 0, length, size - length);
    return bytes.toString('utf8', 0, count);
  } finally {
    closeSync(fd);
  }
}
