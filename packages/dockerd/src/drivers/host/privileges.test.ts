import test from 'ava';
import {checkPrivileges} from './privileges.ts';

const system = {effectiveUid: 0, inUserNamespace: false, rootless: false, underRootlesskit: false};
const rootless = {effectiveUid: 0, inUserNamespace: true, rootless: true, underRootlesskit: true};

test('root of the host and root of a user namespace may run the daemon', t => {
  t.notThrows(() => checkPrivileges(system));
  t.notThrows(() => checkPrivileges(rootless));
  t.notThrows(() => checkPrivileges({...rootless, underRootlesskit: false}));
  t.notThrows(() => checkPrivileges({...system, inUserNamespace: true}));
});

test('nobody else may', t => {
  const refusal = (changes: Partial<typeof system>) =>
    t.throws(() => checkPrivileges({...system, ...changes}))?.message;
  t.regex(refusal({effectiveUid: 1000}) ?? '', /^dockerd needs to be started with root privileges\. To run dockerd/);
  t.regex(refusal({effectiveUid: 1000, rootless: true}) ?? '', /^dockerd needs to be started with root privileges\./);
  t.regex(refusal({rootless: true}) ?? '', /^rootless mode needs a user namespace/);
  t.is(
    refusal({inUserNamespace: true, underRootlesskit: true}),
    'rootless mode needs to be enabled for running with RootlessKit',
  );
});
