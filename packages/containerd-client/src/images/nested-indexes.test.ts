import {createHash} from 'node:crypto';
import type {Descriptor} from '@longshore/api/oci';
import {callContext} from '@longshore/base';
import {mediaTypes} from '@longshore/oci';
import test from 'ava';
import type {ImageServices} from '../client.ts';
import {labelTree} from './gc-labels.ts';
import {readImage, walkContent} from './read.ts';

const levels = 60;
const ctx = callContext({namespace: 'n'});

/** An image below indexes each of which names the next one twice: 2^60 ways to it. */
function nested() {
  const blobs = new Map<string, Buffer>();
  const labelled: string[] = [];
  let reads = 0;
  const put = (mediaType: string, value: object): Descriptor => {
    const bytes = Buffer.from(JSON.stringify({mediaType, ...value}));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    blobs.set(digest, bytes);
    return {mediaType, digest, size: bytes.length};
  };
  const rootfs = {type: 'layers', diff_ids: []};
  const config = put(mediaTypes.ociConfig, {architecture: 'amd64', os: 'linux', config: {}, rootfs});
  let target = put(mediaTypes.ociManifest, {schemaVersion: 2, config, layers: []});
  for (let level = 0; level < levels; level++) {
    target = put(mediaTypes.ociIndex, {schemaVersion: 2, manifests: [target, {...target, annotations: {a: 'b'}}]});
  }
  const content = {
    async *read(_ctx: unknown, {digest}: {digest: string}) {
      reads++;
      if (reads > 10 * levels) throw new Error('blobs are read again and again');
      yield {data: blobs.get(digest) as Buffer, offset: 0n};
    },
    info: async (_ctx: unknown, {digest}: {digest: string}) => ({
      info: {digest, size: BigInt(blobs.get(digest)?.length ?? 0), labels: {}},
    }),
    update: async (_ctx: unknown, {info}: {info: {digest: string}}) => {
      labelled.push(info.digest);
      return {info};
    },
  };
  return {client: {content} as unknown as ImageServices, target, config, labelled};
}

test('indexes that name each other many times over are followed once', async t => {
  const {client, target, config, labelled} = nested();
  const {configDescriptor} = await readImage(ctx, client, target, {os: 'linux', architecture: 'amd64'});
  t.is(configDescriptor.digest, config.digest);
  const found = await Array.fromAsync(walkContent(ctx, client, target));
  t.is(found.length, levels + 2);
  await labelTree(ctx, client, target, () => true);
  t.is(labelled.length, levels + 1);
});
