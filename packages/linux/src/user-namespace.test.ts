import {execFileSync} from 'node:child_process';
import test from 'ava';
import {inUserNamespace} from './user-namespace.ts';

test('a user namespace is told from the initial one', t => {
  const file = JSON.stringify(new URL('./user-namespace.ts', import.meta.url).href);
  const script = `import(${file}).then(m => process.stdout.write(String(m.inUserNamespace())))`;
  const inside = execFileSync('unshare', ['-U', '-r', process.execPath, '-e', script], {timeout: 30_000});
  t.is(inside.toString(), 'true');
  const map = execFileSync('cat', ['/proc/self/uid_map'], {timeout: 30_000}).toString();
  t.is(inUserNamespace(), !map.includes('4294967295'));
});
