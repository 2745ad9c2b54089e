import test from 'ava';
import {sampleLogRequest} from '../../file-log/log-request.testing.ts';
import {entry} from '../peer.testing.ts';
import {containerFields, journalEntry} from './fields.ts';
import {openJournaldSink} from './journald-sink.ts';

/** Decodes the native protocol. */
function decode(data: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < data.length; ) {
    const lineEnd = data.indexOf(10, at);
    const line = data.toString('utf8', at, lineEnd);
    const equals = line.indexOf('=');
    if (equals > 0) {
      fields[line.slice(0, equals)] = line.slice(equals + 1);
      at = lineEnd + 1;
    } else {
      const length = Number(data.readBigUInt64LE(lineEnd + 1));
      fields[line] = data.toString('utf8', lineEnd + 9, lineEnd + 9 + length);
      at = lineEnd + 9 + length + 1;
    }
  }
  return fields;
}

const {subject, tag} = sampleLogRequest();

test('the fields of an entry', t => {
  const fields = containerFields(sampleLogRequest({attributes: {'_a.b-c': '1', X: 'two\nlines'}}));
  t.deepEqual(decode(journalEntry(entry('hello\n', 'stderr'), fields, 'e', 7)), {
    MESSAGE: 'hello',
    PRIORITY: '3',
    SYSLOG_TIMESTAMP: '2026-11-21T07:10:08.123456789Z',
    CONTAINER_LOG_EPOCH: 'e',
    CONTAINER_LOG_ORDINAL: '7',
    CONTAINER_ID: subject.id.slice(0, 12),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: 'w7',
    CONTAINER_TAG: tag,
    IMAGE_NAME: 'busybox',
    SYSLOG_IDENTIFIER: tag,
    A_B_C: '1',
    X: 'two\nlines',
  });
});

test('pieces of a line are marked', t => {
  const piece = (ordinal: number, last: boolean) =>
    decode(journalEntry(entry('x', 'stdout', {id: 'abc', ordinal, last}), [], 'e', 1));
  const {CONTAINER_PARTIAL_MESSAGE, CONTAINER_PARTIAL_ID, CONTAINER_PARTIAL_ORDINAL, CONTAINER_PARTIAL_LAST} = piece(
    1,
    false,
  );
  t.deepEqual(
    [CONTAINER_PARTIAL_MESSAGE, CONTAINER_PARTIAL_ID, CONTAINER_PARTIAL_ORDINAL, CONTAINER_PARTIAL_LAST],
    ['true', 'abc', '1', 'false'],
  );
  const end = piece(2, true);
  t.deepEqual([end.CONTAINER_PARTIAL_MESSAGE, end.CONTAINER_PARTIAL_LAST], [undefined, 'true']);
});

test('without a journal there is no such driver', async t => {
  await t.throwsAsync(openJournaldSink(sampleLogRequest(), '/nonexistent/socket'), {
    message: 'journald is not enabled on this host',
  });
});
