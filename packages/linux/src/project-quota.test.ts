import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {MNT_DETACH, mount, projectQuota, setProject, umount} from './index.ts';
import {rootTest, tempDir} from './test-support.ts';

// Limits themselves are tried in a guest: this kernel may have none (e2e/vm/quota.test.ts).
rootTest('a file system without project quotas says so', t => {
  const directory = join(tempDir(t), 'tmpfs');
  mkdirSync(directory);
  mount('tmpfs', directory, 'tmpfs', 0);
  t.teardown(() => umount(directory, MNT_DETACH));
  t.is(projectQuota(directory, 7), undefined);
  t.throws(() => setProject(join(directory, 'missing'), 7), {message: /no such file or directory/});
});

test('what is no directory is refused', t => {
  t.throws(() => projectQuota('/etc/passwd', 1), {message: /not a directory/});
});
