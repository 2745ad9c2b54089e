/** Events of Splunk's HTTP event collector, one JSON object behind the other. */
import {goJson} from '../../../core/logs/go-json.ts';
import {type LogEntry, textOf} from '../../../core/logs/log-entry.ts';
import type {SplunkSettings} from '../../../core/logs/options/splunk-options.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';

/** Undefined for what the format `raw` leaves out: lines of nothing but blanks. */
export function splunkEvent(
  entry: LogEntry,
  {tag, attributes}: LogRequest,
  {format, source, sourceType, index}: SplunkSettings,
  host: string,
): string | undefined {
  const text = textOf(entry.line).toString();
  const own = attributes ? {attrs: attributes} : {};
  const inline = {source: entry.stream, ...(tag ? {tag} : {}), ...own};
  if (format === 'raw' && text.trim() === '') return undefined;
  const rest = {
    time: secondsOf(entry.timeNano),
    host,
    ...(source ? {source} : {}),
    ...(sourceType ? {sourcetype: sourceType} : {}),
    ...(index ? {index} : {}),
  };
  if (format === 'raw') return goJson({event: `${rawPrefix(tag, attributes)}${text}`, ...rest});
  if (format === 'inline' || !isJson(text)) return goJson({event: {line: text, ...inline}, ...rest});
  // The line itself, digit by digit: parsing and printing it could change its numbers.
  const event = `{"line":${text},${goJson(inline).slice(1)}`;
  return `{"event":${event},${goJson(rest).slice(1)}`;
}

function rawPrefix(tag: string, attributes: LogRequest['attributes']): string {
  const words = Object.entries(attributes ?? {}).map(([name, value]) => `${name}=${value} `);
  return `${tag ? `${tag} ` : ''}${words.join('')}`;
}

/** Seconds with six digits. */
function secondsOf(timeNano: bigint): string {
  const micros = (timeNano + 500n) / 1000n;
  return `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
