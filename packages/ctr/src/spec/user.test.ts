import {mkdirSync, writeFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {resolveUser} from './user.ts';

let root = '';
test.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'ctr-user-'));
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nbob:x:500:501::/:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nbob:x:501:bob\nwheel:x:10:root\nstaff:x:50:amy,bob\n');
});
test.after.always(() => rm(root, {recursive: true, force: true}));

const users: [string, {uid: number; gid: number; additionalGids: number[]}][] = [
  ['0', {uid: 0, gid: 0, additionalGids: [0, 10]}],
  ['bob', {uid: 500, gid: 501, additionalGids: [501, 50]}],
  ['500', {uid: 500, gid: 501, additionalGids: [501, 50]}],
  ['7', {uid: 7, gid: 0, additionalGids: [0]}],
  ['5:6', {uid: 5, gid: 6, additionalGids: [6]}],
  ['bob:wheel', {uid: 500, gid: 10, additionalGids: [10]}],
];
for (const [word, user] of users) {
  test(`--user ${word}`, t => {
    t.deepEqual(resolveUser(word, root), user);
  });
}

test('names that are not there are errors', t => {
  t.throws(() => resolveUser('nobody', root), {message: /no entry for "nobody" in \/etc\/passwd/});
  t.throws(() => resolveUser('bob:none', root), {message: /no entry for "none" in \/etc\/group/});
});
