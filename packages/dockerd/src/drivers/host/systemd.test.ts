import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {isMachineStopping} from './systemd.ts';

test('the machine stops when its systemd says so, and in no other case', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'ls-systemd-'));
  t.teardown(() => rm(directory, {recursive: true}));
  const systemctl = async (script: string) => {
    const file = join(directory, 'systemctl');
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
    return file;
  };
  t.true(await isMachineStopping(await systemctl('[ "$*" = is-system-running ] && echo stopping; exit 1')));
  t.false(await isMachineStopping(await systemctl('echo running')));
  t.false(await isMachineStopping(await systemctl('echo degraded; exit 1')));
  t.false(await isMachineStopping(await systemctl('echo offline >&2; exit 1')));
  t.false(await isMachineStopping(join(directory, 'nonesuch')));
});
