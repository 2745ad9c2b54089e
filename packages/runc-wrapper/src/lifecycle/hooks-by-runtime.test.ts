/** When hooks run, what they get and what becomes of failing ones: by native `start` and `delete` as by runc's. */
import {existsSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Hook, Spec} from '@longshore/api/oci';
import test from 'ava';
import {missing, RuntimeSandbox, wrapper} from '../test-support/sandbox.ts';

const runc = '/usr/sbin/runc';
const reason = missing(runc);
const serial = reason ? test.serial.skip : test.serial;
if (reason) console.error(`tests of hooks beside runc skipped: ${reason}`);

type Name = 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop';

/** What each command of a life answers, and what the hooks wrote in that time: their name, and the status they got. */
function life(sandbox: RuntimeSandbox, programs: {make: string[]; go: string[]}, hooks: Hooks) {
  const log = join(sandbox.directory, 'hooks');
  rmSync(log, {force: true});
  const bundle = sandbox.bundle(['sleep', '1000'], spec => {
    spec.hooks = hooks(name => record(log, name));
  });
  let seen = 0;
  const step = (program: string[], command: string, ...flags: string[]) => {
    const {code, stderr} = sandbox.run([...program, '--root', sandbox.root, command, ...flags, 'c1'], {cwd: bundle});
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : [];
    const fresh = lines.slice(seen);
    seen = lines.length;
    return {command, code, hooks: fresh, error: /level=error msg=(.*)/.exec(stderr)?.[1]?.replaceAll(bundle, 'BUNDLE')};
  };
  return [
    step(programs.make, 'create'),
    step(programs.go, 'start'),
    step(programs.go, 'delete', '--force'),
    step(programs.go, 'state'),
  ];
}

type Hooks = (hook: (name: Name) => Hook) => NonNullable<Spec['hooks']>;

/** Runs on the host or, as startContainer does, in the container, whose shell has no log to write to. */
function record(log: string, name: Name): Hook {
  const status = `sed -n 's/.*"status":"\\([a-z]*\\)".*/\\1/p'`;
  return {path: '/bin/sh', args: ['sh', '-c', `echo ${name} $(${status}) >> ${log}`]};
}

const failing: Hook = {path: '/bin/sh', args: ['sh', '-c', 'echo said; echo sorry >&2; exit 3']};
const slow: Hook = {path: '/bin/sleep', args: ['sleep', '1000'], timeout: 1};
const absent: Hook = {path: '/no/such/hook'};

const cases: Record<string, Hooks> = {
  'each at its moment': hook => ({
    createRuntime: [hook('createRuntime')],
    createContainer: [hook('createContainer')],
    poststart: [hook('poststart')],
    poststop: [hook('poststop'), hook('poststop')],
  }),
  'a poststop that fails': hook => ({poststop: [failing, hook('poststop')]}),
  'a poststop that takes too long': hook => ({poststop: [slow, hook('poststop')]}),
  'a poststop that does not exist': hook => ({poststop: [absent, hook('poststop')]}),
  'a poststart that fails': hook => ({poststart: [failing, hook('poststart')], poststop: [hook('poststop')]}),
};

for (const [name, hooks] of Object.entries(cases)) {
  serial(name, async t => {
    const sandbox = await RuntimeSandbox.open(t);
    const theirs = life(sandbox, {make: [runc], go: [runc]}, hooks);
    const ours = life(sandbox, {make: wrapper, go: wrapper}, hooks);
    t.deepEqual(ours, theirs);
    if (name.startsWith('a poststop')) t.truthy(ours[2]!.error);
  });
}
