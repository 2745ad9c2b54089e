import {mkdir, mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createLogger} from '@longshore/base';
import test from 'ava';
import {stickFiles} from './sticky-files.ts';

const log = createLogger({level: 'error', format: 'text'});

test('the sticky bit is set on files below the runtime directory, and on nothing else', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'sticky-'));
  t.teardown(() => rm(directory, {recursive: true}));
  const run = join(directory, 'run');
  await mkdir(join(run, 'docker', 'deep'), {recursive: true, mode: 0o755});
  await writeFile(join(run, 'docker', 'deep', 'pid'), '', {mode: 0o644});
  await writeFile(join(directory, 'other'), '', {mode: 0o644});
  const sticky = async (...names: string[]) => ((await stat(join(directory, ...names))).mode & 0o1000) !== 0;

  await stickFiles('', [join(run, 'docker', 'deep', 'pid')], log);
  t.false(await sticky('run', 'docker', 'deep', 'pid'));
  await stickFiles(`${run}/`, [join(run, 'docker', 'deep', 'pid'), join(directory, 'other'), join(run, 'none')], log);
  t.true(await sticky('run', 'docker', 'deep', 'pid'));
  t.true(await sticky('run', 'docker', 'deep'));
  t.true(await sticky('run', 'docker'));
  t.false(await sticky('run'));
  t.false(await sticky('other'));
});
