import {spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {tempDir} from '../test-support/store.ts';
import {renderArguments} from './oci-hook.ts';

test('arguments tell about the container', t => {
  const bundle = tempDir(t);
  writeFileSync(join(bundle, 'config.json'), '{"root": {"path": "rootfs"}}');
  const state = {id: 'c', bundle, pid: 7, status: 'created', annotations: {'a.b/c': 'x y'}};
  const words = [
    '{{id}}-{{ pid }}',
    '{{status}}',
    '{{annotation "a.b/c"}}',
    '{{annotation `none`}}',
    '{{rootfs}}',
    '{ {id}}',
  ];
  t.deepEqual(renderArguments(words, state), ['c-7', 'created', 'x y', '', join(bundle, 'rootfs'), '{ {id}}']);
  t.is(codeOf(t.throws(() => renderArguments(['{{nosuch .}}'], state))), 'invalid-argument');
});

test('the hook takes the place of containerd', t => {
  const main = join(import.meta.dirname, '../main.ts');
  const run = (input: string, ...args: string[]) =>
    spawnSync(process.execPath, ['--no-warnings', main, 'oci-hook', ...args], {input, encoding: 'utf8'});
  const done = run('{"id":"c","pid":5}', '--', 'sh', '-c', 'echo "$0 $1"; exit 3', '{{id}}', '{{pid}}');
  t.deepEqual([done.status, done.stdout], [3, 'c 5\n']);
  t.like(run('{}', 'nosuch-program'), {status: 1});
  t.regex(run('nonsense', 'true').stderr, /state is no JSON/);
});
