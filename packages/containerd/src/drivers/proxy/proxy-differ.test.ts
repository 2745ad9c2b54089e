/** A differ in another process, reached over a socket, before our own. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {DiffDefinition} from '@longshore/api/gen/containerd/services/diff/v1/diff';
import {callContext, createLogger} from '@longshore/base';
import {openClient, writeBlob} from '@longshore/containerd-client';
import {codeOf, EngineError} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {loadConfigTable} from '../../config/load.ts';
import {listenGrpc} from '../../services/listen.ts';
import {serve} from '../../services/serve.ts';
import {startTestDaemon} from '../../test-support/daemon.ts';
import {tempDir} from '../../test-support/store.ts';
import {file, layer} from '../diff/apply/fixture.ts';

const ctx = callContext({namespace: 'n'});
const own = 'application/vnd.example.layer';
const answer = {mediaType: 'application/vnd.example.applied', digest: `sha256:${'a'.repeat(64)}`, size: 7n};

/** Knows one kind of layer. What it was asked for is in `asked`. */
async function startDiffer(t: ExecutionContext) {
  const path = join(tempDir(t), 'd.sock');
  const asked: string[] = [];
  const answerTo = (what: string, mediaType: string) => {
    asked.push(`${what} ${mediaType}`);
    if (mediaType === 'bad') throw new EngineError('invalid-argument', 'no such layer: invalid argument');
    if (mediaType !== own) throw new EngineError('unimplemented', 'unsupported: not implemented');
    return answer;
  };
  const service = serve(DiffDefinition, {
    async apply({namespace}, {diff, mounts}) {
      return {applied: answerTo(`apply in ${namespace} at ${mounts[0]?.source}`, diff?.mediaType ?? '')};
    },
    async diff({namespace}, {mediaType, left, right}) {
      return {diff: answerTo(`diff in ${namespace} of ${left.length} and ${right.length}`, mediaType)};
    },
  });
  const log = createLogger({level: 'error', write: line => t.log(line)});
  const limits = {maxReceive: 1 << 20, maxSend: 1 << 20};
  const server = await listenGrpc({path, uid: 0, gid: 0, services: [service], log, ...limits});
  let isOpen = true;
  const stop = async () => {
    if (isOpen) await server[Symbol.asyncDispose]();
    isOpen = false;
  };
  t.teardown(stop);
  return {path, asked, stop};
}

test('another differ is asked first, and ours for what that one does not know', async t => {
  const {path, asked, stop} = await startDiffer(t);
  const {plugins} = loadConfigTable({path: '/nosuch', required: false}, {});
  const daemon = await startTestDaemon(t, tempDir(t), {
    proxy_plugins: {mine: {type: 'diff', address: path}},
    plugins: {
      ...(plugins as object),
      'io.containerd.service.v1.diff-service': {default: ['mine', 'walking'], sync_fs: false},
    },
  });
  using client = openClient({address: daemon.address});
  const target = tempDir(t);
  const mounts = [{type: 'bind', source: target, target: '', options: ['rw', 'rbind']}];
  const blob = layer(file('hello.txt', 'ours'));
  const {digest} = await writeBlob(ctx, client, blob, {});
  const descriptor = (mediaType: string) => ({mediaType, digest, size: BigInt(blob.length)});

  t.like((await client.diff.apply(ctx, {diff: descriptor(own), mounts})).applied, answer);
  const tar = 'application/vnd.oci.image.layer.v1.tar';
  const {applied} = await client.diff.apply(ctx, {diff: descriptor(tar), mounts});
  t.is(applied?.digest, digest);
  t.is(readFileSync(join(target, 'hello.txt'), 'utf8'), 'ours');
  const refused = await t.throwsAsync(client.diff.apply(ctx, {diff: descriptor('bad'), mounts}));
  t.is(codeOf(refused), 'invalid-argument');
  t.like((await client.diff.diff(ctx, {left: [], right: mounts, mediaType: own, ref: 'r'})).diff, answer);
  t.deepEqual(asked, [
    ...[own, tar, 'bad'].map(mediaType => `apply in n at ${target} ${mediaType}`),
    `diff in n of 0 and 1 ${own}`,
  ]);
  await stop();
  const away = await t.throwsAsync(client.diff.apply(ctx, {diff: descriptor(tar), mounts}));
  t.is(codeOf(away), 'unavailable');
});
