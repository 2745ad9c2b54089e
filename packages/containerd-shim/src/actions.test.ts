/** The shim's short lives: `start`, `delete`, -info, -v. Needs root. */
import {spawn, spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {BootstrapParams, BootstrapResult} from '@longshore/api/gen/containerd/runtime/bootstrap/v1/bootstrap';
import {DeleteResponse, TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {RuntimeInfo} from '@longshore/api/gen/containerd/types/introspection';
import {callContext} from '@longshore/base';
import {kill, listenUnix, processExists} from '@longshore/linux';
import {dial} from '@longshore/ttrpc';
import anyTest, {type ExecutionContext} from 'ava';
import {isRoot, shimProgram, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const ctx = callContext({namespace: 'test'});

interface ActionOptions {
  cwd: string;
  input?: Uint8Array;
  env?: Record<string, string>;
}

function runShim(args: string[], {cwd, input, env}: ActionOptions) {
  const [program, ...first] = shimProgram() as [string, ...string[]];
  return spawnSync(program, [...first, ...args], {
    cwd,
    input: input ?? new Uint8Array(0),
    env: {PATH: process.env.PATH ?? '', TTRPC_ADDRESS: '/nowhere', ...env},
  });
}

function temporary(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'start-'));
  t.teardown(() => rmSync(directory, {recursive: true, force: true}));
  return directory;
}

/** Asks the shim behind an address for its pid, and has it ended with the test. */
async function shimPid(t: ExecutionContext, address: string): Promise<number> {
  using client = await dial(address);
  const {shimPid: pid} = await client.service(TaskDefinition).connect(ctx, {id: 'x'});
  t.teardown(() => processExists(pid) && kill(pid, 'SIGKILL'));
  return pid;
}

function parameters(id: string, socketDir: string): Uint8Array {
  const params = {instanceId: id, namespace: 'test', containerdTtrpcAddress: '/nowhere', socketDir};
  return BootstrapParams.encode(BootstrapParams.fromPartial(params)).finish();
}

function startFlags(id: string): string[] {
  return ['-namespace', 'test', '-address', '/run/c.sock', '-publish-binary', '/bin/false', '-id', id, 'start'];
}

test('start leaves a shim behind; one more of its group joins it', async t => {
  const root = temporary(t);
  const sockets = join(root, 's');
  const bundles = ['a', 'b'].map(id => join(root, id));
  for (const bundle of bundles) {
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'config.json'), '{"annotations":{"io.containerd.runc.v2.group":"g"}}');
  }
  const [first, second] = ['a', 'b'].map((id, i) => {
    const result = runShim(startFlags(id), {cwd: bundles[i] as string, input: parameters(id, sockets)});
    t.is(result.status, 0, result.stderr.toString());
    return BootstrapResult.decode(result.stdout);
  });
  t.like(first, {version: 3, protocol: 'ttrpc'});
  t.is(second?.address, first?.address);
  const path = first?.address.slice('unix://'.length) as string;
  t.is(statSync(path).mode & 0o777, 0o600);
  const pid = await shimPid(t, first?.address as string);
  t.is(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), String(ownScore() + 1));
  t.is(statOf(pid).session, pid, 'a session of its own');
  kill(pid, 'SIGTERM');
  for (let i = 0; i < 100 && existsSync(path); i++) await new Promise(resolve => setTimeout(resolve, 20));
  t.false(existsSync(path), 'an orderly end removes the socket');
});

function ownScore(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
}

function statOf(pid: number): {session: number} {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return {session: Number(fields[3])};
}

test('a socket that a killed shim left is taken over', async t => {
  const root = temporary(t);
  const run = () => runShim(startFlags('a'), {cwd: root, input: parameters('a', join(root, 's'))});
  const {address} = BootstrapResult.decode(run().stdout);
  const first = await shimPid(t, address);
  kill(first, 'SIGKILL');
  const again = run();
  t.is(again.status, 0, again.stderr.toString());
  t.is(BootstrapResult.decode(again.stdout).address, address);
  t.not(await shimPid(t, address), first);
});

test('containerd 1.6 gets a plain address, also as a file, below /run/containerd/s', t => {
  const bundle = temporary(t);
  const [program, ...first] = shimProgram() as [string, ...string[]];
  // In a mount namespace with a /run of its own; the shim that is left behind ends with the pid namespace.
  const inside = 'mount -t tmpfs tmpfs /run && "$@" >out 2>err; echo $? >status; ls /run/containerd/s >sockets';
  const namespaces = ['-m', '-p', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const command = ['sh', '-c', inside, 'sh', program, ...first, ...startFlags('a')];
  spawnSync('unshare', [...namespaces, ...command], {
    cwd: bundle,
    env: {PATH: process.env.PATH ?? '', TTRPC_ADDRESS: '/x'},
  });
  const read = (name: string) => readFileSync(join(bundle, name), 'utf8');
  t.is(read('status'), '0\n', read('err'));
  t.regex(read('out'), /^unix:\/\/\/run\/containerd\/s\/[0-9a-f]{64}$/);
  t.is(read('address'), read('out'));
  t.is(`unix:///run/containerd/s/${read('sockets').trim()}`, read('out'));
});

test('start reports what is wrong', t => {
  const root = temporary(t);
  const noNamespace = runShim(['-id', 'a', 'start'], {cwd: root});
  t.is(noNamespace.status, 1);
  t.is(noNamespace.stderr.toString(), 'io.containerd.runc.v2: shim namespace cannot be empty\n');
  const wrongId = runShim(startFlags('a'), {cwd: root, input: parameters('b', join(root, 's'))});
  t.is(wrongId.status, 1);
  t.regex(wrongId.stderr.toString(), /for another shim/);
});

test('delete after the shim was killed: the container is gone, and there is something to report', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const pid = await rig.create(id, {args: ['sleep', '1000']});
  await rig.task.start(rig.ctx, {id});
  const bundle = rig.bundle(id);
  writeFileSync(join(bundle, 'address'), `unix://${rig.socket}`);
  kill(rig.pid, 'SIGKILL');
  await rig.reaped();
  t.true(processExists(pid), 'the container outlives its shim');
  t.true(existsSync(rig.socket));
  const args = ['-namespace', 'test', '-address', '/run/c.sock', '-publish-binary', '/bin/false', '-id', id];
  const result = runShim([...args, '-bundle', bundle, 'delete'], {cwd: bundle});
  t.is(result.status, 0, result.stderr.toString());
  const response = DeleteResponse.decode(result.stdout);
  t.like(response, {pid, exitStatus: 137});
  t.true(Math.abs(Number(response.exitedAt?.seconds) - Date.now() / 1000) < 30);
  t.false(existsSync(`/proc/${pid}/root`), 'ended, if perhaps not reaped yet by its new parent');
  t.deepEqual(rig.containerIds(), []);
  t.false(existsSync(rig.socket), 'and the socket');
  const again = runShim([...args, '-bundle', bundle, 'delete'], {cwd: bundle});
  t.is(again.status, 0, 'deleting what is gone is fine');
});

test('delete ends a runtime that a killed shim left at work', async t => {
  const bundle = temporary(t);
  const standIn = (pidFile: string) =>
    spawn('sh', ['-c', 'read forever', 'runc', 'create', '--pid-file', pidFile, 'a']);
  const runtime = standIn(join(bundle, 'init.pid'));
  const other = standIn('/elsewhere/init.pid');
  t.teardown(() => other.kill('SIGKILL'));
  const ended = new Promise(resolve => runtime.once('exit', (_code, signal) => resolve(signal)));
  const result = runShim(['-namespace', 'test', '-id', 'a', '-bundle', bundle, 'delete'], {cwd: bundle});
  t.is(result.status, 0, result.stderr.toString());
  t.is(await ended, 'SIGKILL');
  t.is(other.exitCode ?? other.signalCode, null);
});

test('delete of a shim that never got anywhere', t => {
  const bundle = temporary(t);
  const result = runShim(['-namespace', 'test', '-id', 'none', '-bundle', bundle, 'delete'], {cwd: bundle});
  t.is(result.status, 0, result.stderr.toString());
  t.like(DeleteResponse.decode(result.stdout), {pid: 0, exitStatus: 137});
  t.regex(result.stderr.toString(), /failed to read init pid file/);
});

test('-v and -info', t => {
  const root = temporary(t);
  const version = runShim(['-v'], {cwd: root});
  t.regex(version.stdout.toString(), /^containerd-shim-runc-v2:\n {2}Version: {2}2\.1\.9-longshore/);
  const info = RuntimeInfo.decode(runShim(['-info'], {cwd: root}).stdout);
  t.is(info.name, 'io.containerd.runc.v2');
  t.is(info.features?.typeUrl, 'types.containerd.io/opencontainers/runtime-spec/1/features/Features');
  t.like(JSON.parse(info.features?.value.toString() ?? ''), {ociVersionMin: '1.0.0'});
});

test('without a ttrpc socket events go through the publish command', async t => {
  const root = temporary(t);
  const publish = join(root, 'publish');
  writeFileSync(publish, `#!/bin/sh\necho "$*" >>${root}/events\nwc -c >>${root}/events\n`);
  chmodSync(publish, 0o755);
  const rig = await startRig(t, {env: {TTRPC_ADDRESS: ''}, flags: ['-publish-binary', publish], withoutEvents: true});
  await rig.create('first', {args: ['true']});
  await rig.task.delete(rig.ctx, {id: 'first'});
  await rig.task.shutdown(rig.ctx, {id: 'first'});
  await rig.reaped();
  const lines = readFileSync(join(root, 'events'), 'utf8').split('\n');
  const prefix = `--address ${join(rig.root, 'containerd.sock')} publish --topic`;
  t.is(lines[0], `${prefix} /tasks/create --namespace test`);
  t.true(Number(lines[1]) > 50);
  t.deepEqual(
    [lines[2], lines[4]],
    [`${prefix} /tasks/exit --namespace test`, `${prefix} /tasks/delete --namespace test`],
  );
});

test('a shim with a socket path of its own', async t => {
  const rig = await startRig(t, {flags: ['-socket', join(temporary(t), 'own.sock')]});
  t.like(await rig.task.connect(rig.ctx, {id: 'x'}), {shimPid: rig.pid});
  t.throws(() => listenUnix(join(rig.root, 'x'.repeat(120))), {message: /socket path/});
});
