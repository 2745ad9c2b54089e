import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {spawnAndWait} from '../spawn.ts';
import type {ContainerRecord} from '../state/record.ts';
import {runHooks, stateForHooks} from './hooks.ts';

const record = {ociVersion: '1.2.1', id: 'c1', bundle: '/b', pid: 7, annotations: {}} as unknown as ContainerRecord;

function output(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'hooks-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  return join(directory, 'out');
}

test('the state has a pid until the container has stopped, and annotations if there are any', t => {
  t.is(
    JSON.stringify(stateForHooks(record, 'stopped')),
    '{"ociVersion":"1.2.1","id":"c1","status":"stopped","bundle":"/b"}',
  );
  t.like(stateForHooks({...record, annotations: {a: 'b'}}, 'running'), {pid: 7, annotations: {a: 'b'}});
});

test.serial('a hook gets the state on stdin, its own arguments and no other environment', async t => {
  const out = output(t);
  const script = `{ cat; echo; echo "$0 $1"; env | grep -v -e ^PWD= -e ^SHLVL= -e ^_=; } > ${out}`;
  await runHooks(
    [{path: '/bin/sh', args: ['sh', '-c', script, 'me', 'x'], env: ['A=b']}],
    record,
    'stopped',
    spawnAndWait,
  );
  const [state, args, ...env] = readFileSync(out, 'utf8').trim().split('\n');
  t.deepEqual(JSON.parse(state!), {ociVersion: '1.2.1', id: 'c1', status: 'stopped', bundle: '/b'});
  t.is(args, 'me x');
  t.deepEqual(env, ['A=b']);
});

test.serial('the first that fails ends the row, with its output in the error', async t => {
  const out = output(t);
  const hooks = [
    {path: '/bin/sh', args: ['sh', '-c', 'echo out; echo err >&2; exit 3']},
    {path: '/bin/sh', args: ['sh', '-c', `touch ${out}`]},
  ];
  await t.throwsAsync(runHooks(hooks, record, 'stopped', spawnAndWait), {
    message: 'error running hook #0: error running hook: exit status 3, stdout: out\n, stderr: err\n',
  });
  t.throws(() => readFileSync(out), {code: 'ENOENT'});
});

test.serial('a hook that takes longer than its timeout is killed', async t => {
  const started = Date.now();
  await t.throwsAsync(
    runHooks([{path: '/bin/sleep', args: ['sleep', '60'], timeout: 0.2}], record, 'stopped', spawnAndWait),
    {
      message: 'error running hook #0: hook ran past specified timeout of 0.2s',
    },
  );
  t.true(Date.now() - started < 10_000);
});
