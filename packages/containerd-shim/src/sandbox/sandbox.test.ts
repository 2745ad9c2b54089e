/** The sandbox service of a real shim, and the containers of a group in it. Needs root. */

import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {Client, credentials} from '@grpc/grpc-js';
import {Metrics as MetricsV1} from '@longshore/api/gen/containerd/cgroups/v1/metrics';
import {Metrics as MetricsV2} from '@longshore/api/gen/containerd/cgroups/v2/metrics';
import {
  SandboxDefinition,
  SandboxStatusRequest,
  SandboxStatusResponse,
} from '@longshore/api/gen/containerd/runtime/sandbox/v1/sandbox';
import {codeOf} from '@longshore/errdefs';
import {processExists} from '@longshore/linux';
import anyTest from 'ava';
import {isRoot, type ShimRig, startRig} from '../shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const sandboxId = 'first';

function sandboxOf(rig: ShimRig) {
  return rig.client.service(SandboxDefinition);
}

test('the life of a sandbox with two containers', async t => {
  const rig = await startRig(t);
  const sandbox = sandboxOf(rig);
  const {ctx} = rig;
  t.is(codeOf(await t.throwsAsync(sandbox.sandboxStatus(ctx, {sandboxId}))), 'not-found');
  const {platform} = await sandbox.platform(ctx, {sandboxId});
  t.is(platform?.os, 'linux');
  t.true(['amd64', 'arm64'].includes(platform?.architecture ?? ''));
  await sandbox.createSandbox(ctx, {
    sandboxId,
    bundlePath: rig.bundle('first'),
    netnsPath: '/run/ns',
    annotations: {a: 'b'},
  });
  t.is(codeOf(await t.throwsAsync(sandbox.createSandbox(ctx, {sandboxId: 'other'}))), 'already-exists');
  t.like(await sandbox.sandboxStatus(ctx, {sandboxId}), {state: 'SANDBOX_CREATED', info: {}});
  const {pid, createdAt} = await sandbox.startSandbox(ctx, {sandboxId});
  t.is(pid, rig.pid);
  t.is(codeOf(await t.throwsAsync(sandbox.startSandbox(ctx, {sandboxId}))), 'failed-precondition');
  await sandbox.pingSandbox(ctx, {sandboxId});
  t.is((await sandbox.sandboxMetrics(ctx, {sandboxId})).metrics, undefined, 'nothing to measure');

  const obedient = await rig.create('c1', {args: ['sh', '-c', 'trap "exit 6" TERM; while :; do sleep 0.05; done']});
  const stubborn = await rig.create('c2', {args: ['sleep', '1000']}); // process 1 does not end by SIGTERM
  for (const id of ['c1', 'c2']) await rig.task.start(ctx, {id});
  const {metrics} = await sandbox.sandboxMetrics(ctx, {sandboxId});
  const decoder = metrics?.data?.typeUrl.includes('.v2.') ? MetricsV2 : MetricsV1;
  t.is(metrics?.id, sandboxId);
  t.true((decoder.decode(metrics?.data?.value ?? Buffer.alloc(0)).pids?.current ?? 0n) >= 2n);
  const status = await sandbox.sandboxStatus(ctx, {sandboxId, verbose: true});
  const info = {a: 'b', bundle: rig.bundle('first'), netns: '/run/ns', containers: 'c1 c2'};
  t.like(status, {sandboxId, pid, state: 'SANDBOX_READY', createdAt, info});

  const waited = sandbox.waitSandbox(ctx, {sandboxId});
  await new Promise(resolve => setTimeout(resolve, 100)); // the trap is set
  await sandbox.stopSandbox(ctx, {sandboxId, timeoutSecs: 1});
  t.like(await rig.task.wait(ctx, {id: 'c1'}), {exitStatus: 6});
  t.like(await rig.task.wait(ctx, {id: 'c2'}), {exitStatus: 137});
  for (const process of [obedient, stubborn]) t.false(processExists(process));
  const {exitStatus, exitedAt} = await waited;
  t.is(exitStatus, 0);
  t.like(await sandbox.sandboxStatus(ctx, {sandboxId}), {state: 'SANDBOX_NOTREADY', exitedAt});
  await sandbox.stopSandbox(ctx, {sandboxId});
  for (const id of ['c1', 'c2']) await rig.task.delete(ctx, {id});
  await rig.task.shutdown(ctx, {id: 'c2'}); // the last container takes no sandbox with it
  t.true(processExists(rig.pid));
  await sandbox.shutdownSandbox(ctx, {sandboxId});
  await rig.reaped();
  t.false(existsSync(rig.socket));
});

test('a shutdown takes everything with it; clients that wait hear of it', async t => {
  const rig = await startRig(t);
  const sandbox = sandboxOf(rig);
  const {ctx} = rig;
  const rootfs = [{type: 'tmpfs', source: 'tmpfs', target: '', options: ['size=64k']}];
  await sandbox.createSandbox(ctx, {sandboxId, bundlePath: rig.bundle('first'), rootfs});
  await sandbox.startSandbox(ctx, {sandboxId});
  const pid = await rig.create('c1', {args: ['sleep', '1000']});
  await rig.task.start(ctx, {id: 'c1'});
  await rig.create('c2', {args: ['sleep', '1000']}); // never started
  const waited = sandbox.waitSandbox(ctx, {sandboxId});
  await t.throwsAsync(sandbox.waitSandbox(ctx, {sandboxId}, {timeoutMs: 50}));
  await sandbox.shutdownSandbox(ctx, {sandboxId});
  t.is((await waited).exitStatus, 0);
  await rig.reaped();
  t.false(processExists(pid));
  t.deepEqual(rig.containerIds(), []);
  t.is((await rig.until(topics => topics.includes('/tasks/exit c1') && topics.includes('/tasks/exit c2'))).length, 5);
  const {readMountInfo} = await import('@longshore/linux');
  t.false(readMountInfo().some(({mountPoint}) => mountPoint === join(rig.bundle('first'), 'rootfs')));
});

test('the sandbox service over gRPC', async t => {
  const rig = await startRig(t);
  await sandboxOf(rig).createSandbox(rig.ctx, {sandboxId, bundlePath: rig.bundle('first')});
  const client = new Client(`unix:${rig.socket}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const ask = (request: object) =>
    new Promise<SandboxStatusResponse>((resolve, reject) => {
      client.makeUnaryRequest(
        `/${SandboxDefinition.fullName}/SandboxStatus`,
        message => Buffer.from(SandboxStatusRequest.encode(message).finish()),
        bytes => SandboxStatusResponse.decode(bytes),
        SandboxStatusRequest.fromPartial(request),
        (error, response) => (error ? reject(error) : resolve(response as SandboxStatusResponse)),
      );
    });
  t.like(await ask({sandboxId}), {sandboxId, state: 'SANDBOX_CREATED', pid: rig.pid});
  t.like(await t.throwsAsync(ask({sandboxId: 'other'})), {code: 5});
});
