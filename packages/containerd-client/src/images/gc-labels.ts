/** Labels by which containerd's garbage collector follows an image through its blobs. */
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {isConfigType, isLayerType} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {setContentLabels} from '../content/ingest.ts';
import {childrenOf} from './read.ts';

const prefix = 'containerd.io/gc.ref.content';

/** `config`, `l.N` for layers and `m.N` for the rest, numbered in order, as the original's clients do. */
export function childLabels(children: readonly Descriptor[]): Record<string, string> {
  const labels: Record<string, string> = {};
  let layers = 0;
  let manifests = 0;
  for (const {mediaType, digest} of children) {
    if (isConfigType(mediaType)) labels[`${prefix}.config`] = digest;
    else if (isLayerType(mediaType)) labels[`${prefix}.l.${layers++}`] = digest;
    else labels[`${prefix}.m.${manifests++}`] = digest;
  }
  return labels;
}

/** Labels a manifest or index that is in the store with the blobs that it refers to, or some of them. */
export async function labelChildren(
  ctx: CallContext,
  client: ImageServices,
  blob: Descriptor,
  isKept: (child: Descriptor) => boolean = () => true,
): Promise<void> {
  const children = await childrenOf(ctx, client, blob);
  await setContentLabels(ctx, client, blob.digest, childLabels(children.filter(isKept)));
}
