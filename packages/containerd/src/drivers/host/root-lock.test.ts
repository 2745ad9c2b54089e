import {discardLogger} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {tempDir} from '../../test-support/store.ts';
import {lockRoot} from './root-lock.ts';

test('a root has one daemon, and the next one waits for its end', async t => {
  const root = tempDir(t);
  const first = await lockRoot(root, discardLogger());
  t.is(codeOf(await t.throwsAsync(lockRoot(root, discardLogger(), 60))), 'failed-precondition');
  const second = lockRoot(root, discardLogger(), 5000);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});
