/**
 * Checkpoint and restore: with CRIU where it works on this kernel, and with a stand-in for a runtime that has it, which
 * notes how it was called and "restores" by running the container afresh. Needs root.
 */
import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {CheckpointOptions, Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
/** Debian 12's CRIU 3.17 does not know the vDSO of kernels since 6.13; 4.1 does. */
const criu = isRoot ? spawnSync('criu', ['check']) : undefined;
const criuTest = criu?.status === 0 ? test : anyTest.skip;

function standIn(rig: ShimRig): string {
  const path = join(rig.root, 'runtime');
  const script = `#!/bin/bash
case " $* " in
*" checkpoint "*) echo "$@" >>${rig.root}/calls; exit 0 ;;
*" restore "*)
  echo "$@" >>${rig.root}/calls
  words=()
  while [ $# -gt 0 ]; do
    case $1 in restore) words+=(run) ;; --image-path | --work-path) shift ;; *) words+=("$1") ;; esac
    shift
  done
  exec runc "\${words[@]}" ;;
esac
exec runc "$@"
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

test("a checkpoint is the runtime's affair, with the options of the request", async t => {
  const rig = await startRig(t);
  const id = 'first';
  const options = runcOptions(rig);
  await rig.task.create(rig.ctx, {id, bundle: rig.makeBundle(id, {args: ['sleep', '1000']}), options});
  await t.throwsAsync(rig.task.checkpoint(rig.ctx, {id, path: '/img'}), {
    message: 'cannot checkpoint a task in created state',
  });
  await rig.task.start(rig.ctx, {id});
  const value = CheckpointOptions.encode(
    CheckpointOptions.fromPartial({openTcp: true, workPath: join(rig.root, 'work')}),
  ).finish();
  const given = {typeUrl: protobufTypeUrl.runcCheckpointOptions, value: Buffer.from(value)};
  await rig.task.checkpoint(rig.ctx, {id, path: '/img', options: given});
  const call = readFileSync(join(rig.root, 'calls'), 'utf8').trim();
  t.true(
    call.endsWith(` checkpoint --image-path /img --work-path ${rig.root}/work --tcp-established --leave-running first`),
    call,
  );
  await rig.until(topics => topics.includes('/tasks/checkpointed'));
});

test('a container from a checkpoint appears with its start', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const stdio = rig.stdio(id);
  const output = stdio.text();
  const bundle = rig.makeBundle(id, {args: ['sh', '-c', 'echo restored; sleep 0.2; exit 8']});
  const {stdout} = stdio;
  const created = await rig.task.create(rig.ctx, {id, bundle, stdout, checkpoint: '/img', options: runcOptions(rig)});
  t.is(created.pid, 0);
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.CREATED, pid: 0});
  const {pid} = await rig.task.start(rig.ctx, {id});
  t.true(pid > 0);
  t.is(await output, 'restored\n');
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 8});
  t.like(await rig.task.delete(rig.ctx, {id}), {pid, exitStatus: 8});
  const call = readFileSync(join(rig.root, 'calls'), 'utf8').trim();
  t.regex(call, / restore --bundle .* --image-path \/img --detach --pid-file .*init\.pid first$/);
  const topics = await rig.until(all => all.includes('/tasks/delete'));
  t.deepEqual(topics, ['/tasks/create', '/tasks/start', '/tasks/exit first', '/tasks/delete']);
});

test('a container from a checkpoint that was never started can be deleted', async t => {
  const rig = await startRig(t);
  const bundle = rig.makeBundle('first', {args: ['true']});
  await rig.task.create(rig.ctx, {id: 'first', bundle, checkpoint: '/img', options: runcOptions(rig)});
  t.like(await rig.task.delete(rig.ctx, {id: 'first'}), {pid: 0, exitStatus: 0});
  await rig.task.shutdown(rig.ctx, {id: 'first'});
  await rig.reaped();
});

criuTest('CRIU: a container goes on where it was, with new stdio', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const options = plainOptions(rig);
  const args = ['sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done'];
  const bundle = rig.makeBundle(id, {args});
  const before = rig.stdio('before');
  const printed = before.text();
  const {stdin, stdout, stderr} = before;
  await rig.task.create(rig.ctx, {id, bundle, stdin, stdout, stderr, options});
  await rig.task.start(rig.ctx, {id});
  await new Promise(resolve => setTimeout(resolve, 400));
  const image = join(rig.root, 'image');
  mkdirSync(image);
  const exit = CheckpointOptions.encode(CheckpointOptions.fromPartial({exit: true})).finish();
  const stop = {typeUrl: protobufTypeUrl.runcCheckpointOptions, value: Buffer.from(exit)};
  await rig.task.checkpoint(rig.ctx, {id, path: image, options: stop});
  t.true(existsSync(join(image, 'inventory.img')));
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
  await rig.task.delete(rig.ctx, {id});
  const last = Number((await printed).trim().split('\n').at(-1));
  t.true(last > 2);

  const after = rig.stdio('after');
  const resumed = after.text();
  const again = {stdin: after.stdin, stdout: after.stdout, stderr: after.stderr};
  await rig.task.create(rig.ctx, {id, bundle, ...again, checkpoint: image, options});
  const {pid} = await rig.task.start(rig.ctx, {id});
  t.true(pid > 0);
  await new Promise(resolve => setTimeout(resolve, 400));
  await rig.task.kill(rig.ctx, {id, signal: 9});
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 137});
  await rig.task.delete(rig.ctx, {id});
  t.is(Number((await resumed).split('\n')[0]), last + 1);
});

test('a checkpoint that fails says where its log is', async t => {
  const rig = await startRig(t);
  const id = 'first';
  const runtime = join(rig.root, 'runtime');
  const script = `#!/bin/bash
if [[ " $* " == *" checkpoint "* ]]; then
  words=("$@"); for i in "\${!words[@]}"; do [ "\${words[i]}" = --work-path ] && echo log >"\${words[i+1]}/dump.log"; done
  for i in "\${!words[@]}"; do
    [ "\${words[i]}" = --log ] && echo '{"level":"error","msg":"criu failed: type DUMP errno 0\\nlog file: x"}' >>"\${words[i+1]}"
  done
  exit 1
fi
exec runc "$@"
`;
  writeFileSync(runtime, script);
  chmodSync(runtime, 0o755);
  const options = runcOptionsOf({root: rig.runtimeRoot, binaryName: runtime});
  const bundle = rig.makeBundle(id, {args: ['sleep', '1000']});
  await rig.task.create(rig.ctx, {id, bundle, options});
  await rig.task.start(rig.ctx, {id});
  mkdirSync(join(bundle, 'work'));
  const log = join(bundle, 'criu-dump.log');
  await t.throwsAsync(rig.task.checkpoint(rig.ctx, {id, path: '/img'}), {
    message: `runtime did not terminate successfully: exit status 1: criu failed: type DUMP errno 0 path= ${log}`,
  });
  t.is(readFileSync(log, 'utf8'), 'log\n');
  t.false(existsSync(join(bundle, 'work/criu-work')));
});

function plainOptions(rig: ShimRig) {
  return runcOptionsOf({root: rig.runtimeRoot});
}

function runcOptionsOf(values: Partial<Options>) {
  return {
    typeUrl: protobufTypeUrl.runcOptions,
    value: Buffer.from(Options.encode(Options.fromPartial(values)).finish()),
  };
}

function runcOptions(rig: ShimRig) {
  return runcOptionsOf({root: rig.runtimeRoot, binaryName: standIn(rig)});
}
