import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import test from 'ava';
import {fileLimitVariable} from './file-limit.ts';

/** What a process sees whose parent has this soft limit. */
function seenBelow(soft: number, env: Record<string, string> = {}): string {
  const script = `import {originalFileLimit} from ${JSON.stringify(join(import.meta.dirname, 'file-limit.ts'))};
    console.log(String(originalFileLimit()));`;
  const command = `ulimit -Sn ${soft}; "$@"; exit $?`;
  const argv = ['-c', command, 'sh', process.execPath, '--input-type=module', '-e', script];
  return spawnSync('sh', argv, {env: {...process.env, ...env}})
    .stdout.toString()
    .trim();
}

test('the limit is that of the parent, though the runtime has raised its own', t => {
  t.is(seenBelow(777), '777');
});

test('a Longshore process tells the next one what it was', t => {
  t.is(seenBelow(777, {[fileLimitVariable]: '555'}), '555');
  t.is(seenBelow(777, {[fileLimitVariable]: 'nonsense'}), '777');
});
