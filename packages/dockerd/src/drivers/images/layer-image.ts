/** An image made of one layer: what `docker import` makes of the files of a root file system. */
import {compose} from 'node:stream';
import {createGunzip, createZstdDecompress} from 'node:zlib';
import type {Descriptor, Manifest} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {
  type ContainerdClient,
  childLabels,
  ingest,
  readContent,
  unpackImage,
  writeBlob,
} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {type Compression, Digester, mediaTypes, readTar, withCompression} from '@longshore/oci';
import type {NewLayerImage} from '../../core/images/image-store.ts';

export async function createFromLayer(
  ctx: CallContext,
  client: ContainerdClient,
  snapshotter: string,
  image: NewLayerImage,
): Promise<Descriptor> {
  const layer = await storeLayer(ctx, client, image.layer);
  const config = Buffer.from(JSON.stringify(image.config(layer.diffId)));
  const configBlob = await writeBlob(ctx, client, config);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: {mediaType: mediaTypes.ociConfig, ...configBlob},
    layers: [layer.descriptor],
  };
  const children = [manifest.config, ...manifest.layers];
  const blob = await writeBlob(ctx, client, Buffer.from(JSON.stringify(manifest)), childLabels(children));
  const target = {mediaType: mediaTypes.ociManifest, ...blob};
  await unpackImage(ctx, client, {target, snapshotter, syncFs: true});
  return target;
}

interface StoredLayer {
  descriptor: Descriptor;
  diffId: string;
}

/** Stores the bytes as they come, then reads them once more to check and to name what is inside. */
async function storeLayer(
  ctx: CallContext,
  client: ContainerdClient,
  layer: AsyncIterable<Uint8Array>,
): Promise<StoredLayer> {
  let size = 0;
  let head: Uint8Array = Buffer.alloc(0);
  const source = async function* () {
    for await (const chunk of layer) {
      size += chunk.length;
      if (head.length < 4) head = Buffer.concat([head, chunk]).subarray(0, 4);
      yield chunk;
    }
  };
  const {digest} = await ingest(ctx, client, `import-${randomHex(8)}`, source);
  const compression = compressionOf(head);
  const descriptor = {mediaType: withCompression(mediaTypes.ociLayer, compression), digest, size};
  return {descriptor, diffId: await diffIdOf(ctx, client, digest, compression)};
}

/** Throws `invalid-argument` when it is no tar archive. */
async function diffIdOf(
  ctx: CallContext,
  client: ContainerdClient,
  digest: string,
  compression: Compression,
): Promise<string> {
  const digester = new Digester();
  const uncompressed = async function* () {
    for await (const chunk of decompressed(readContent(ctx, client, digest), compression)) {
      digester.update(chunk);
      yield chunk;
    }
  };
  for await (const {body} of readTar(uncompressed())) {
    for await (const _ of body) {
      // the digester sees it
    }
  }
  return digester.digest();
}

function decompressed(stream: AsyncIterable<Uint8Array>, compression: Compression): AsyncIterable<Uint8Array> {
  if (compression === 'none') return stream;
  return compose(stream, compression === 'gzip' ? createGunzip() : createZstdDecompress()) as AsyncIterable<Uint8Array>;
}

function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  if (head.length === 0) throw new EngineError('invalid-argument', 'unexpected EOF');
  return 'none';
}
