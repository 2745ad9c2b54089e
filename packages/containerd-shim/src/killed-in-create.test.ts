/** A shim that is killed while the runtime makes a container for it: `delete` leaves nothing. Needs root. */
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {cgroupAt, kill} from '@longshore/linux';
import anyTest, {type ExecutionContext} from 'ava';
import {isRoot, namespace, type ShimRig, shimProgram, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const rounds = process.env.LONGSHORE_LONG === '1' ? 200 : 4;
const id = 'first';

function deleteAction(bundle: string, env: Record<string, string>) {
  const [program, ...first] = shimProgram() as [string, ...string[]];
  const args = ['-namespace', namespace, '-address', '/run/c.sock', '-id', id, '-bundle', bundle, 'delete'];
  return spawnSync(program, [...first, ...args], {cwd: bundle, env, timeout: 30_000});
}

/** Whatever mentions the rig's directories: the runtime, `runc init`, the container's process. */
function processesOf(rig: ShimRig): string[] {
  return readdirSync('/proc').filter(name => {
    try {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
      const text = readFileSync(`/proc/${name}/cgroup`, 'utf8') + readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return (text.includes(rig.cgroupParent) || text.includes(rig.root)) && !text.includes(' Z');
    } catch {
      return false;
    }
  });
}

async function killDuringCreate(t: ExecutionContext, round: number): Promise<'before' | 'during' | 'after'> {
  const temporary = mkdtempSync(join(tmpdir(), 'killed-'));
  t.teardown(() => rmSync(temporary, {recursive: true, force: true}));
  const rig = await startRig(t, {env: {TMPDIR: temporary}});
  const bundle = rig.bundle(id);
  let created = false;
  const creating = rig.create(id, {args: ['sleep', '1000'], terminal: round % 2 === 0}).then(
    () => {
      created = true;
    },
    () => {},
  );
  const cgroup = cgroupAt(`${rig.cgroupParent}/${id}`);
  const state = join(rig.runtimeRoot, namespace, id);
  const moments = [
    () => existsSync(state),
    () => cgroup.exists(),
    () => cgroup.exists() && cgroup.processes().length > 0,
    () => existsSync(join(state, 'state.json')),
  ];
  const isTime = moments[round % moments.length] as () => boolean;
  while (!isTime() && !created) await delay(1);
  await delay(Math.floor(round / moments.length) % 10);
  const isThere = cgroup.exists();
  kill(rig.pid, 'SIGKILL');
  await rig.reaped();
  await creating;
  const result = deleteAction(bundle, rig.environment());
  t.is(result.status, 0, result.stderr?.toString());
  t.false(cgroup.exists(), `round ${round}: ${result.stderr}`);
  t.false(existsSync(state), `round ${round}: no state`);
  const temporaryFiles = readdirSync(temporary).filter(name => !name.startsWith('.bun')); // Bun keeps a library there
  t.deepEqual(temporaryFiles, [], `round ${round}: no socket for a terminal`);
  for (let i = 0; i < 500 && processesOf(rig).length > 0; i++) await delay(10);
  t.deepEqual(processesOf(rig), [], `round ${round}: no process`);
  if (created) return 'after';
  return isThere ? 'during' : 'before';
}

test(`${rounds} shims are killed at some moment of a create`, async t => {
  t.timeout(30_000 + rounds * 5000);
  const counts = {before: 0, during: 0, after: 0};
  for (let round = 0; round < rounds; round++) counts[await killDuringCreate(t, round)]++;
  t.log(`before there was a cgroup: ${counts.before}, with a cgroup: ${counts.during}, created: ${counts.after}`);
});

test('a cgroup without a state: runc init in it is ended, and it is removed, unless others are in it', async t => {
  const bundle = mkdtempSync(join(tmpdir(), 'killed-'));
  t.teardown(() => rmSync(bundle, {recursive: true, force: true}));
  const parent = `/ls-killed-${process.pid}`;
  const cgroup = cgroupAt(`${parent}/${id}`);
  cgroup.create();
  t.teardown(async () => {
    await cgroup.killAll();
    await cgroupAt(parent).remove();
  });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({linux: {cgroupsPath: `${parent}/${id}`}}));
  writeFileSync(join(bundle, 'init'), 'read forever');
  const init = spawn('/bin/sh', ['init'], {argv0: 'runc', cwd: bundle});
  const other = spawn('sleep', ['1000']);
  t.teardown(() => other.kill('SIGKILL'));
  for (const {pid} of [init, other]) cgroup.addProcess(pid as number);
  const ended = new Promise(resolve => init.once('exit', (_code, signal) => resolve(signal)));
  const first = deleteAction(bundle, {PATH: process.env.PATH ?? ''});
  t.is(first.status, 0, first.stderr.toString());
  t.regex(first.stderr.toString(), /in use by others/);
  t.is(await ended, 'SIGKILL');
  t.is(other.exitCode ?? other.signalCode, null);
  await cgroup.killAll();
  t.is(deleteAction(bundle, {PATH: process.env.PATH ?? ''}).status, 0);
  t.false(cgroup.exists());
});
