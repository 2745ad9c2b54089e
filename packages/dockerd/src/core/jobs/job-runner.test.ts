import {createLogger, discardLogger} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import test from 'ava';
import {JobRunner} from './job-runner.ts';

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()));

test('a job is logged at both ends, listed between them, and measured', async t => {
  const lines: string[] = [];
  const log = createLogger({level: 'debug', write: line => lines.push(line)});
  const seen: unknown[] = [];
  const jobs = new JobRunner(log, 'moby', (name, seconds, status) => seen.push([name, seconds >= 0, status]));
  await jobs.run('create', {path: '/x'}, async () => {
    t.deepEqual(
      jobs.running.map(({name, fields}) => [name, fields]),
      [['create', {path: '/x'}]],
    );
  });
  const failing = jobs.run('start', {}, () => Promise.reject(new EngineError('conflict', 'no')));
  t.is(codeOf(await t.throwsAsync(failing)), 'conflict');
  t.deepEqual(jobs.running, []);
  t.deepEqual(seen, [
    ['create', true, 'ok'],
    ['start', true, 'conflict'],
  ]);
  t.regex(lines[0] ?? '', /msg=\+job job=create path=\/x/);
  t.regex(lines[1] ?? '', /msg=-job job=create status=ok milliseconds=/);
  t.regex(lines[3] ?? '', /msg=-job job=start status=conflict/);
  t.deepEqual(jobs.counts.get('start'), {started: 1, failed: 1});
});

test('shutdown: running jobs get their time, then are aborted; those that wait go on until the end', async t => {
  const jobs = new JobRunner(discardLogger(), 'moby');
  const ended: string[] = [];
  const track = (name: string, waits: boolean) =>
    jobs.run(name, {}, ({signal}) => untilAborted(signal).then(() => void ended.push(name)), {waits});
  const all = [track('slow', false), track('wait', true)];
  await jobs.drain(20);
  await all[0];
  t.deepEqual(ended, ['slow']);
  const refused = await t.throwsAsync(jobs.run('create', {}, async () => {}));
  t.is(codeOf(refused), 'unavailable');
  t.is(refused?.message, 'the daemon is shutting down');
  await t.notThrowsAsync(jobs.run('release_interface', {}, async () => {}, {internal: true}));
  await jobs.finish(20);
  await Promise.all(all);
  t.deepEqual(ended, ['slow', 'wait']);
});

test('shutdown handlers run side by side; one that fails or hangs holds up nothing', async t => {
  const jobs = new JobRunner(discardLogger(), 'moby');
  const {promise: second, resolve} = Promise.withResolvers<void>();
  const done: string[] = [];
  jobs.onShutdown('first', () => second.then(() => void done.push('first')));
  jobs.onShutdown('second', () => {
    resolve();
    throw new Error('broken');
  });
  jobs.onShutdown('hangs', () => new Promise(() => {}));
  await jobs.drain(1000);
  await jobs.finish(50);
  t.deepEqual(done, ['first']);
});
