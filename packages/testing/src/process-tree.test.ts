import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import test from 'ava';
import {descendants, descriptorOf, listeningSockets, poll, readProcess} from './index.ts';

test('this process and its parent are found, and a pid that is not there is not', t => {
  const own = readProcess(process.pid);
  t.is(own?.parent, process.ppid);
  t.true(descendants(process.ppid).some(p => p.pid === process.pid && p.depth === 1));
  t.is(readProcess(2 ** 22 + 1), undefined);
  t.is(descriptorOf(process.pid, 9999), undefined);
});

test('listening unix sockets are listed with their descriptor, connected ones are not', async t => {
  const dir = mkdtempSync('/tmp/ls-tree-');
  t.teardown(() => rmSync(dir, {recursive: true}));
  const server = createServer().listen(`${dir}/s.sock`);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const found = listeningSockets(process.pid).filter(s => s.path === `${dir}/s.sock`);
  t.is(found.length, 1);
  t.regex(descriptorOf(process.pid, found[0]?.fd ?? -1) ?? '', /^socket:/);
});

test('poll gives what it saw, or says what it waited for and why it failed last', async t => {
  let looks = 0;
  t.is(await poll(() => (++looks === 3 ? 'seen' : undefined), {interval: 1}), 'seen');
  const broken = () => {
    throw new Error('not yet');
  };
  const error = await t.throwsAsync(poll(broken, {timeout: 10, interval: 1, what: 'the moon'}), {
    message: /in vain for the moon/,
  });
  t.is((error?.cause as Error | undefined)?.message, 'not yet');
});
