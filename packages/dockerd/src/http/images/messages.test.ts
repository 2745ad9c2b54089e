import type {Descriptor} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import test from 'ava';
import type {TransferProgress} from '../../core/images/image-store.ts';
import type {ApiReply} from '../route.ts';
import {JsonStream} from './json-stream.ts';
import {formatSize, progressBar} from './progress-bar.ts';
import {credentialsOf, readRegistryAuth} from './registry-auth.ts';
import {TransferMessages} from './transfer-messages.ts';

function fakeReply(options: {stalled?: boolean} = {}) {
  const lines: string[] = [];
  const stream = {
    async write(piece: string | Uint8Array) {
      lines.push(String(piece));
      if (options.stalled) await new Promise(() => {});
    },
  };
  return {lines, reply: {stream: () => stream} as unknown as ApiReply};
}

const layer: Descriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: `sha256:${'a1'.repeat(32)}`,
  size: 2000,
};
const blob = (action: string, current = 0, total = 2000): TransferProgress =>
  ({type: 'blob', action, descriptor: layer, current, total, from: 'library/base'}) as TransferProgress;

test('sizes and bars are those of the Go clients', t => {
  t.deepEqual([0, 999, 1000, 1_049_000, 2_131_224, 123_456_789_012].map(formatSize), [
    '0B',
    '999B',
    '1kB',
    '1.049MB',
    '2.131MB',
    '123.5GB',
  ]);
  t.is(progressBar(0, 0), '');
  t.is(progressBar(500, 0), '    500B');
  t.is(progressBar(1000, 2000), `[${'='.repeat(25)}>${' '.repeat(25)}]      1kB/2kB`);
  t.is(progressBar(2000, 2000), `[${'='.repeat(50)}>]      2kB/2kB`);
  t.is(progressBar(3000, 2000), '     3kB');
});

test('a pull is told layer by layer, counts not more often than people can read', async t => {
  const {lines, reply} = fakeReply();
  const stream = new JsonStream(reply);
  const messages = new TransferMessages(stream, 'pull');
  messages.show({
    ...blob('downloading', 1),
    descriptor: {...layer, mediaType: 'application/vnd.oci.image.config.v1+json'},
  } as TransferProgress);
  messages.show(blob('waiting'));
  for (let current = 0; current <= 2000; current += 100) messages.show(blob('downloading', current));
  messages.show(blob('downloaded'));
  messages.show({type: 'layer', action: 'extracting', descriptor: layer});
  messages.show({type: 'layer', action: 'extracted', descriptor: layer});
  messages.show({type: 'layer', action: 'exists', descriptor: layer});
  await stream.flush();
  const shown = lines.map(line => JSON.parse(line));
  t.true(shown.every(({id}) => id === 'a1a1a1a1a1a1'));
  t.deepEqual(
    shown.map(({status}) => status),
    [
      'Pulling fs layer',
      'Waiting',
      'Downloading',
      'Verifying Checksum',
      'Download complete',
      'Extracting',
      'Pull complete',
    ],
  );
  t.deepEqual(shown[2].progressDetail, {current: 2000, total: 2000});
});

test('a push says where each layer comes to rest', async t => {
  for (const [action, status] of [
    ['uploaded', 'Pushed'],
    ['mounted', 'Mounted from library/base'],
    ['exists', 'Layer already exists'],
  ] as const) {
    const {lines, reply} = fakeReply();
    const stream = new JsonStream(reply);
    const messages = new TransferMessages(stream, 'push');
    messages.show(blob(action));
    messages.show(blob(action));
    await stream.flush();
    t.is(JSON.parse(lines.at(-1) as string).status, status);
  }
});

test('a client that does not read gets no more counts', async t => {
  const {lines, reply} = fakeReply({stalled: true});
  const stream = new JsonStream(reply);
  const messages = new TransferMessages(stream, 'pull');
  messages.show(blob('waiting'));
  for (let current = 0; current < 2000; current++) messages.show(blob('downloading', current));
  await new Promise(resolve => setImmediate(resolve));
  t.is(lines.length, 1);
});

test('an error before the first line is an answer, one behind it a line', async t => {
  const failing = async () => {
    throw new EngineError('not-found', 'no such thing');
  };
  const early = fakeReply();
  await t.throwsAsync(new JsonStream(early.reply).run(failing), {message: 'no such thing'});
  t.deepEqual(early.lines, []);
  const late = fakeReply();
  await new JsonStream(late.reply).runWithHead(failing);
  t.deepEqual(late.lines, ['{"errorDetail":{"message":"no such thing"},"error":"no such thing"}\r\n']);
});

test('credentials come in three forms, or not at all', t => {
  const header = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const none = {username: '', password: '', identityToken: '', registryToken: ''};
  t.is(readRegistryAuth('e30='), undefined);
  t.is(readRegistryAuth('not base64 of JSON'), undefined);
  t.deepEqual(readRegistryAuth(header({username: 'me', password: 'p:q'})), {...none, username: 'me', password: 'p:q'});
  t.deepEqual(readRegistryAuth(header({identitytoken: 'tok'})), {...none, identityToken: 'tok'});
  t.deepEqual(credentialsOf({auth: Buffer.from('me:p:q').toString('base64')}), {
    ...none,
    username: 'me',
    password: 'p:q',
  });
});
