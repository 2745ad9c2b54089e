/** Messages of fluentd's forward protocol: `[tag, time, record, options]`. */
import {type LogEntry, textOf} from '../../../core/logs/log-entry.ts';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import {packArrayHead, packEventTime, packSeconds, packString, packStringMap} from './msgpack.ts';

const second = 1_000_000_000n;

/** `acknowledge` is the name under which the receiver confirms the message. */
export function fluentdEvent(
  entry: LogEntry,
  {tag, subject, attributes}: LogRequest,
  subSecondPrecision: boolean,
  acknowledge: string | undefined,
): Buffer {
  const seconds = Number(entry.timeNano / second);
  const nanoseconds = Number(entry.timeNano % second);
  const {partial} = entry;
  const record: [string, string | Buffer][] = [
    ['container_id', subject.id],
    ['container_name', `/${subject.name}`],
    ['source', entry.stream],
    ['log', textOf(entry.line)],
    ...Object.entries(attributes ?? {}),
    ...(partial
      ? ([
          ['partial_message', 'true'],
          ['partial_id', partial.id],
          ['partial_ordinal', String(partial.ordinal)],
          ['partial_last', String(partial.last)],
        ] as [string, string][])
      : []),
  ];
  return Buffer.concat([
    packArrayHead(4),
    packString(tag),
    subSecondPrecision ? packEventTime({seconds, nanoseconds}) : packSeconds(seconds),
    packStringMap(record),
    packStringMap(acknowledge === undefined ? [] : [['chunk', acknowledge]]),
  ]);
}
