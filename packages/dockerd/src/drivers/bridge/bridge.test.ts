import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test from 'ava';
import {scenarioNames} from './scenarios/main.testing.ts';

const execute = promisify(execFile);
const script = fileURLToPath(new URL('scenarios/main.testing.ts', import.meta.url));

/** Namespaces are only for root to make. */
const rootTest = process.getuid?.() === 0 ? test.serial : test.serial.skip;

for (const name of scenarioNames) {
  rootTest(name, async t => {
    t.timeout(150_000);
    const directory = await mkdtemp(join(tmpdir(), 'ls-net-'));
    t.teardown(() => rm(directory, {recursive: true, force: true}));
    const command = ['--mount', '--net', '--propagation', 'private', process.execPath, script, name, directory];
    await t.notThrowsAsync(execute('unshare', command, {timeout: 120_000}));
  });
}
