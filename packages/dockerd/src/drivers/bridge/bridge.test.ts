import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test from 'ava';
import {scenarioNames} from './scenarios.testing.ts';

const execute = promisify(execFile);
const script = fileURLToPath(new URL('scenarios.testing.ts', import.meta.url));

/** Namespaces are only for root to make. */
const rootTest = process.getuid?.() === 0 ? test.serial : test.serial.skip;

for (const name of scenarioNames) {
  rootTest(name, async t => {
    const command = ['--mount', '--net', '--propagation', 'private', process.execPath, script, name];
    await t.notThrowsAsync(execute('unshare', command, {timeout: 30_000}));
  });
}
