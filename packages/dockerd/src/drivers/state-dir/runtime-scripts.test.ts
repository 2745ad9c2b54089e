/** Scripts for runtimes with arguments. */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import test from 'ava';
import {writeRuntimeScripts} from './runtime-scripts.ts';

test('arguments come before those of the caller, whatever is in them; old scripts go', async t => {
  const root = mkdtempSync('/tmp/ls-scripts-');
  t.teardown(() => rmSync(root, {recursive: true}));
  const plain = {path: '/x', runtimeArgs: [], runtimeType: '', options: {}};
  const withArgs = {...plain, path: '/bin/echo', runtimeArgs: ['--debug', "it's $HOME"]};
  const programs = await writeRuntimeScripts(root, {plain, other: withArgs});
  t.is(programs.get('plain'), '/x');
  const script = programs.get('other') as string;
  t.is(statSync(script).mode & 0o777, 0o700);
  t.is(execFileSync(script, ['create', 'a b'], {encoding: 'utf8'}), "--debug it's $HOME create a b\n");
  await writeRuntimeScripts(root, {plain});
  t.false(existsSync(script));
});
