/** Small images made on the spot. Tests only. */
import {gzipSync} from 'node:zlib';
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {chainId, digestOf, mediaTypes, tarEnd, tarEntry, tarHeader, tarPadding} from '@longshore/oci';
import {type ContainerdClient, childLabels, writeBlob} from '../index.ts';

export interface TestImage {
  target: Descriptor;
  layers: Descriptor[];
  chainId: string;
  blobs: Buffer[];
}

export interface TestImageOptions {
  architecture?: string;
  /** Content of one file in each layer. */
  layers: string[];
  /** Diff ids other than the right ones. */
  diffIds?: string[];
}

/** A gzipped layer per string, with the file `layer<N>`. */
export function makeImage(options: TestImageOptions): TestImage {
  const tars = options.layers.map((text, i) => tarOf(`layer${i}`, text));
  const zipped = tars.map(tar => gzipSync(tar));
  const layers = zipped.map(bytes => describe(mediaTypes.ociLayerGzip, bytes));
  const diffIds = options.diffIds ?? tars.map(tar => digestOf(tar));
  const config = json({
    architecture: options.architecture ?? 'amd64',
    os: 'linux',
    config: {Cmd: ['sh']},
    rootfs: {type: 'layers', diff_ids: diffIds},
  });
  const configDescriptor = describe(mediaTypes.ociConfig, config);
  const manifest = json({schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: configDescriptor, layers});
  const target = describe(mediaTypes.ociManifest, manifest);
  return {target, layers, chainId: chainId(diffIds), blobs: [...zipped, config, manifest]};
}

/** An index of images for several architectures. */
export function makeIndex(images: Record<string, TestImage>): TestImage {
  const manifests = Object.entries(images).map(([architecture, {target}]) => ({
    ...target,
    platform: {os: 'linux', architecture},
  }));
  const index = json({schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests});
  const all = Object.values(images);
  return {
    target: describe(mediaTypes.ociIndex, index),
    layers: all.flatMap(image => image.layers),
    chainId: '',
    blobs: [...all.flatMap(image => image.blobs), index],
  };
}

/** Puts an image's blobs into the content store, linked as a pull would, and kept without a name. */
export async function storeImage(ctx: CallContext, client: ContainerdClient, image: TestImage): Promise<void> {
  for (const blob of image.blobs)
    await writeBlob(ctx, client, blob, {...labelsOf(blob), 'containerd.io/gc.root': 'test'});
}

function labelsOf(blob: Buffer): Record<string, string> {
  if (blob[0] !== '{'.charCodeAt(0)) return {};
  const {config, layers, manifests} = JSON.parse(blob.toString());
  if (manifests) return childLabels(manifests);
  return layers ? childLabels([config, ...layers]) : {};
}

export function tarOf(name: string, text: string): Buffer {
  const body = Buffer.from(text);
  const header = tarHeader(tarEntry('file', name, {size: body.length}));
  return Buffer.concat([header, body, tarPadding(body.length), tarEnd()]);
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return {mediaType, digest: digestOf(bytes), size: bytes.length};
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
