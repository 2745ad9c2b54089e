/**
 * Checkpoint and restore, with a stand-in for a runtime that has CRIU: it notes how it was called, and "restores" by
 * running the container afresh. Needs root.
 */
import {chmodSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {CheckpointOptions, Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from './shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;

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
  const value = CheckpointOptions.encode(CheckpointOptions.fromPartial({openTcp: true, workPath: '/work'})).finish();
  const given = {typeUrl: protobufTypeUrl.runcCheckpointOptions, value: Buffer.from(value)};
  await rig.task.checkpoint(rig.ctx, {id, path: '/img', options: given});
  const call = readFileSync(join(rig.root, 'calls'), 'utf8').trim();
  t.true(
    call.endsWith(' checkpoint --image-path /img --work-path /work --tcp-established --leave-running first'),
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

function runcOptions(rig: ShimRig) {
  const options = Options.fromPartial({root: rig.runtimeRoot, binaryName: standIn(rig)});
  return {typeUrl: protobufTypeUrl.runcOptions, value: Buffer.from(Options.encode(options).finish())};
}
