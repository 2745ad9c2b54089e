/** Every option of containerd.runc.v1.Options does what it says: each test fails when its option is ignored. Needs root. */
import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {CheckpointOptions, Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {jsonTypeUrl, protobufTypeUrl} from '@longshore/api/type-urls';
import {callContext} from '@longshore/base';
import {cgroupAt, kill, processExists} from '@longshore/linux';
import {dial} from '@longshore/ttrpc';
import anyTest, {type ExecutionContext} from 'ava';
import {type BundleOptions, isRoot, namespace, type ShimRig, shimProgram, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const id = 'first';

function pack(options: Partial<Options>): Any {
  const value = Buffer.from(Options.encode(Options.fromPartial(options)).finish());
  return {typeUrl: protobufTypeUrl.runcOptions, value};
}

/** A runtime that notes how it was called; what not every machine has (systemd, CRIU) it leaves out for runc. */
function recorder(rig: ShimRig): string {
  const path = join(rig.root, 'recorder');
  const script = `#!/bin/bash
[[ " $* " == *" create "* ]] && stat -L -c '%u:%g %F' /proc/$$/fd/{0,1,2} >>${rig.root}/calls
echo "$@" >>${rig.root}/calls
words=()
while [ $# -gt 0 ]; do
  case $1 in --systemd-cgroup) ;; --criu) shift ;; checkpoint) exit 0 ;; *) words+=("$1") ;; esac
  shift
done
exec runc "\${words[@]}"
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

async function createWith(rig: ShimRig, options: Partial<Options>, bundle: BundleOptions = {args: ['sleep', '1000']}) {
  const given = pack({root: rig.runtimeRoot, ...options});
  const stdio = rig.stdio(id);
  const {stdin, stdout, stderr} = stdio;
  const request = {id, bundle: rig.makeBundle(id, bundle), options: given, stdin, stdout, stderr};
  const {pid} = await rig.task.create(rig.ctx, request);
  return {pid, stdio};
}

function mkdtempPath(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'options-'));
  t.teardown(() => rmSync(path, {recursive: true, force: true}));
  return path;
}

const callsOf = (rig: ShimRig) => readFileSync(join(rig.root, 'calls'), 'utf8').trim().split('\n');

test('BinaryName, Root, SystemdCgroup, NoPivotRoot and NoNewKeyring reach the runtime', async t => {
  const rig = await startRig(t);
  const flags = {systemdCgroup: true, noPivotRoot: true, noNewKeyring: true};
  await createWith(rig, {...flags, binaryName: recorder(rig)});
  const create = callsOf(rig).at(-1) ?? '';
  t.true(create.includes(`--root ${rig.runtimeRoot}/${namespace} `), create);
  for (const flag of ['--systemd-cgroup', '--no-pivot', '--no-new-keyring']) t.true(create.includes(` ${flag} `), flag);
  const saved = JSON.parse(readFileSync(join(rig.bundle(id), 'options.json'), 'utf8'));
  t.like(saved, {systemd_cgroup: true, no_pivot_root: true, no_new_keyring: true});
});

test('without options: none of the flags', async t => {
  const rig = await startRig(t);
  await createWith(rig, {binaryName: recorder(rig)});
  t.notRegex(callsOf(rig).at(-1) ?? '', /systemd|pivot|keyring|criu/);
});

test('IoUid and IoGid own the FIFOs and the pipe of standard error that the runtime gets', async t => {
  const rig = await startRig(t);
  await createWith(rig, {ioUid: 1234, ioGid: 2345, binaryName: recorder(rig)});
  t.deepEqual(callsOf(rig).slice(0, 3), ['1234:2345 fifo', '1234:2345 fifo', '1234:2345 fifo']);
});

test('CriuPath, CriuImagePath and CriuWorkPath are used by a checkpoint that names none', async t => {
  const rig = await startRig(t);
  const work = join(rig.root, 'criu-work');
  const options = {criuPath: '/opt/criu', criuImagePath: '/img', criuWorkPath: work, binaryName: recorder(rig)};
  const {pid} = await createWith(rig, options);
  await rig.task.start(rig.ctx, {id});
  t.regex(readlinkSync(`/proc/${pid}/fd/1`), /^pipe:/, 'CRIU saves pipes, not FIFOs from outside');
  await rig.task.checkpoint(rig.ctx, {id});
  const call = callsOf(rig).find(line => line.includes(' checkpoint ')) ?? '';
  t.true(call.includes(' --criu /opt/criu '), call);
  t.true(call.includes(` --image-path /img --work-path ${work} `), call);
});

test('every option of a checkpoint reaches the runtime', async t => {
  const rig = await startRig(t);
  await createWith(rig, {binaryName: recorder(rig)});
  await rig.task.start(rig.ctx, {id});
  const all = {exit: true, openTcp: true, externalUnixSockets: true, terminal: true, fileLocks: true};
  const rest = {emptyNamespaces: ['network'], cgroupsMode: 'soft', imagePath: '/i', workPath: join(rig.root, 'w')};
  const value = Buffer.from(CheckpointOptions.encode(CheckpointOptions.fromPartial({...all, ...rest})).finish());
  await rig.task.checkpoint(rig.ctx, {id, options: {typeUrl: protobufTypeUrl.runcCheckpointOptions, value}});
  const call = callsOf(rig).find(line => line.includes(' checkpoint ')) ?? '';
  const flags = ['--tcp-established', '--ext-unix-sk', '--shell-job', '--file-locks', '--empty-ns network'];
  for (const flag of [...flags, '--manage-cgroups-mode soft', '--image-path /i']) t.true(call.includes(flag), call);
  t.false(call.includes('--leave-running'));
});

test('ShimCgroup: the serving shim is in it; MAX_SHIM_VERSION: the answer is JSON', async t => {
  const bundle = mkdtempPath(t);
  const name = `/ls-options-${process.pid}`;
  const [program, ...first] = shimProgram() as [string, ...string[]];
  const args = ['-namespace', 'test', '-address', join(bundle, 'c.sock'), '-id', id, '-debug', 'start'];
  const result = spawnSync(program, [...first, ...args], {
    cwd: bundle,
    input: Any.encode(pack({shimCgroup: name})).finish(),
    env: {PATH: process.env.PATH ?? '', TTRPC_ADDRESS: '/nowhere', MAX_SHIM_VERSION: '2'},
  });
  t.is(result.status, 0, result.stderr.toString());
  const {version, address, protocol} = JSON.parse(result.stdout.toString());
  t.deepEqual([version, protocol], [3, 'ttrpc']);
  using client = await dial(address);
  const {shimPid} = await client.service(TaskDefinition).connect(callContext({namespace: 'test'}), {id});
  t.teardown(async () => {
    if (processExists(shimPid)) kill(shimPid, 'SIGKILL');
    await cgroupAt(name).killAll();
    await cgroupAt(name).remove();
    rmSync(address.slice('unix://'.length), {force: true});
  });
  t.true(cgroupAt(name).processes().includes(shimPid));
});

const strace = '/usr/bin/strace';
const withStrace = isRoot && existsSync(strace) ? anyTest.serial : anyTest.skip;
withStrace('SCHED_CORE: a cookie is made before the shim is; without such a kernel nothing is left', async t => {
  for (const schedCore of ['', '1']) {
    const bundle = mkdtempPath(t);
    const calls = join(bundle, 'calls');
    const args = ['-namespace', 'test', '-address', join(bundle, 'c.sock'), '-id', id, 'start'];
    const result = spawnSync(strace, ['-e', 'trace=prctl', '-o', calls, ...shimProgram(), ...args], {
      cwd: bundle,
      env: {PATH: process.env.PATH ?? '', TTRPC_ADDRESS: '/nowhere', SCHED_CORE: schedCore},
    });
    const trace = readFileSync(calls, 'utf8');
    // Operation 1 makes a cookie; the scope 2 is the process group.
    const made =
      /prctl\((?:PR_SCHED_CORE|0x3e)[^,]*, (?:PR_SCHED_CORE_CREATE|0x1)[^,]*, 0, [^,]*(?:PROCESS_GROUP|2)/.exec(trace);
    t.is(made !== null, schedCore !== '', trace);
    if (result.status === 0) {
      const address = result.stdout.toString();
      using client = await dial(address);
      const {shimPid} = await client.service(TaskDefinition).connect(callContext({namespace: 'test'}), {id});
      kill(shimPid, 'SIGKILL');
      rmSync(address.slice('unix://'.length), {force: true});
    } else {
      t.is(schedCore, '1', result.stderr.toString());
      t.regex(result.stderr.toString(), /create a core scheduling cookie/);
      t.false(existsSync(join(bundle, 'address')));
    }
  }
});

test('Stats are those of the cgroup, Update changes it', async t => {
  const rig = await startRig(t);
  await createWith(rig, {}, {args: ['sleep', '1000'], memoryLimit: 64 << 20});
  await rig.task.start(rig.ctx, {id});
  const limitAndPids = async () => {
    const {stats} = await rig.task.stats(rig.ctx, {id});
    if (stats?.typeUrl === 'io.containerd.cgroups.v2.Metrics') {
      const {memory, pids} = MetricsV2.decode(stats.value);
      return [memory?.usageLimit, pids?.current];
    }
    t.is(stats?.typeUrl, 'io.containerd.cgroups.v1.Metrics');
    const {memory, pids} = MetricsV1.decode(stats?.value ?? Buffer.alloc(0));
    return [memory?.usage?.limit, pids?.current];
  };
  t.deepEqual(await limitAndPids(), [64n << 20n, 1n]);
  const value = Buffer.from(JSON.stringify({memory: {limit: 32 << 20}}));
  await rig.task.update(rig.ctx, {id, resources: {typeUrl: jsonTypeUrl.linuxResources, value}});
  t.deepEqual(await limitAndPids(), [32n << 20n, 1n]);
});
