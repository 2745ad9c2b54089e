import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {OverflowFile} from '../../drivers/stdio/overflow-file.ts';
import type {StreamName} from '../logs/log-entry.ts';
import {PatientOutput} from './patient-output.ts';

function slowClient() {
  let got = '';
  let drained = Promise.withResolvers<void>();
  const gone = new AbortController();
  const client = {
    write(stream: StreamName, data: Buffer) {
      got += `${stream === 'stdout' ? '' : '!'}${data}`;
    },
    get pending() {
      return got.length;
    },
    drained: () => drained.promise,
    closed: gone.signal,
  };
  const goOn = () => {
    drained.resolve();
  };
  const stop = () => {
    drained = Promise.withResolvers<void>();
  };
  return {client, got: () => got, goOn, stop, leave: () => gone.abort()};
}

function openOutput(t: ExecutionContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ls-over-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const slow = slowClient();
  const output = new PatientOutput(
    slow.client,
    () => new OverflowFile(directory),
    error => t.fail(String(error)),
  );
  return {...slow, output, directory};
}

test('a client that does not catch up in time is not waited for, and gets everything in order later', async t => {
  const {output, got, goOn, directory} = openOutput(t);
  output.write('stdout', Buffer.from('first '));
  t.is(output.pending, 6);
  await output.drained();
  t.is(output.pending, 0);
  for (const [stream, text] of [
    ['stdout', 'a'],
    ['stdout', 'b'],
    ['stderr', 'c'],
    ['stdout', 'd'],
  ] as const)
    output.write(stream, Buffer.from(text));
  t.is(got(), 'first ');
  t.deepEqual(readdirSync(directory), []);
  goOn();
  await output.flushed();
  t.is(got(), 'first ab!cd');
  output.write('stdout', Buffer.from(' directly again'));
  t.is(got(), 'first ab!cd directly again');
});

test('a client that catches up in time is waited for', async t => {
  const {output, got, goOn} = openOutput(t);
  output.write('stdout', Buffer.from('a'));
  setTimeout(goOn, 10);
  await output.drained();
  output.write('stdout', Buffer.from('b'));
  t.is(got(), 'ab');
});

test('a client that leaves is not waited for', async t => {
  const {output, leave} = openOutput(t);
  output.write('stdout', Buffer.from('a'));
  await output.drained();
  output.write('stdout', Buffer.from('b'));
  leave();
  await output.flushed();
  t.pass();
});

test('a full disk loses the client and nobody else', async t => {
  const {client} = slowClient();
  const failures: unknown[] = [];
  const open = () => ({
    size: 0,
    append() {
      throw new Error('no space left on device');
    },
    take: () => undefined,
    close() {},
  });
  const output = new PatientOutput(client, open, error => void failures.push(error));
  output.write('stdout', Buffer.from('a'));
  await output.drained();
  output.write('stdout', Buffer.from('b'));
  output.write('stdout', Buffer.from('c'));
  t.is(failures.length, 1);
  t.is(output.pending, 0);
});
