/** Entries of the journal in its native protocol. */
import {type LogEntry, type PartialLine, textOf} from '../../../core/logs/log-entry.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import {formatNano} from '../../../core/time.ts';

export type JournalFields = readonly (readonly [name: string, value: string | Buffer])[];

const priority = {stdout: '6', stderr: '3'} as const;

/** What every entry of a container has. */
export function containerFields({subject, tag, attributes}: LogRequest): JournalFields {
  const own = Object.entries(attributes ?? {}).map(([name, value]) => [fieldName(name), value] as const);
  return [
    ['CONTAINER_ID', subject.id.slice(0, 12)],
    ['CONTAINER_ID_FULL', subject.id],
    ['CONTAINER_NAME', subject.name],
    ['CONTAINER_TAG', tag],
    ['IMAGE_NAME', subject.imageName],
    ['SYSLOG_IDENTIFIER', tag],
    ...own.filter(([name]) => name !== ''),
  ];
}

/** Upper case letters, digits and underscores, the first not an underscore: what the journal allows. */
function fieldName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^[_0-9]+/, '');
}

/** One datagram. `epoch` and `ordinal` put entries of equal time in order. */
export function journalEntry(entry: LogEntry, fields: JournalFields, epoch: string, ordinal: number): Buffer {
  const {partial} = entry;
  const own: JournalFields = [
    ['MESSAGE', textOf(entry.line)],
    ['PRIORITY', priority[entry.stream]],
    ['SYSLOG_TIMESTAMP', formatNano(entry.timeNano)],
    ['CONTAINER_LOG_EPOCH', epoch],
    ['CONTAINER_LOG_ORDINAL', String(ordinal)],
    ...(partial ? partialFields(partial) : []),
  ];
  return Buffer.concat([...own, ...fields].map(([name, value]) => encodeField(name, value)));
}

function partialFields({id, ordinal, last}: PartialLine): JournalFields {
  const isMore: JournalFields = last ? [] : [['CONTAINER_PARTIAL_MESSAGE', 'true']];
  return [
    ...isMore,
    ['CONTAINER_PARTIAL_ID', id],
    ['CONTAINER_PARTIAL_ORDINAL', String(ordinal)],
    ['CONTAINER_PARTIAL_LAST', String(last)],
  ];
}

/** `NAME=value`, or with its length where the value has line feeds. */
function encodeField(name: string, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (!bytes.includes(10)) return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from('\n')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
}
