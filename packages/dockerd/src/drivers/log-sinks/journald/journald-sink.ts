/** The driver journald. */
import {stat} from 'node:fs/promises';
import {randomHex} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {LogRequest} from '../../../core/ports/container-io.ts';
import type {LogSink} from '../log-sink.ts';
import {sendWhenTaken} from '../send-when-taken.ts';
import {containerFields, journalEntry} from './fields.ts';

export const journalSocket = '/run/systemd/journal/socket';

/** Throws when there is no journal on this machine. */
export async function openJournaldSink(request: LogRequest, socket = journalSocket): Promise<LogSink> {
  const found = await stat(socket).catch(() => undefined);
  if (!found?.isSocket()) throw new EngineError('unavailable', 'journald is not enabled on this host');
  const fields = containerFields(request);
  const epoch = randomHex(32);
  let ordinal = 0;
  return {
    async send(entries, signal) {
      for (const entry of entries) {
        await sendWhenTaken(socket, journalEntry(entry, fields, epoch, ++ordinal), signal);
      }
    },
    async close() {},
  };
}
