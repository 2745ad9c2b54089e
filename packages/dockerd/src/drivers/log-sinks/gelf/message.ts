/** Messages of the Graylog Extended Log Format 1.1. */
import {goJson} from '../../../core/logs/go-json.ts';
import {type LogEntry, textOf} from '../../../core/logs/log-entry.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import {formatNano} from '../../../core/time.ts';

/** What every message of a container has. */
export type GelfFields = Record<string, string>;

const severity = {stdout: 6, stderr: 3} as const;

export function gelfFields({subject, tag, attributes}: LogRequest): GelfFields {
  const own = Object.entries(attributes ?? {}).map(([name, value]) => [`_${name}`, value] as const);
  const fields = {
    _container_id: subject.id,
    _container_name: subject.name,
    _image_id: subject.imageId,
    _image_name: subject.imageName,
    _command: subject.command,
    _tag: tag,
    _created: formatNano(subject.created),
    ...Object.fromEntries(own),
  };
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Undefined for an empty line: the format does not allow an empty message. */
export function gelfMessage(entry: LogEntry, host: string, fields: GelfFields): Buffer | undefined {
  const text = textOf(entry.line);
  if (text.length === 0) return undefined;
  const message = {
    version: '1.1',
    host,
    short_message: text.toString(),
    timestamp: Number(entry.timeNano / 1_000_000n) / 1000,
    level: severity[entry.stream],
    ...fields,
  };
  return Buffer.from(goJson(message));
}
