/** Labels by which containerd's garbage collector follows an image through its blobs. */
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {isConfigType, isIndexType, isLayerType, isManifestType} from '@longshore/oci';
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

/** Labels an image or index and what is below it, each blob once however often it is named. */
export async function labelTree(
  ctx: CallContext,
  client: ImageServices,
  root: Descriptor,
  isKept: (child: Descriptor) => boolean,
): Promise<void> {
  const seen = new Set<string>([root.digest]);
  const queue = [root];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (!isIndexType(next.mediaType) && !isManifestType(next.mediaType)) continue;
    try {
      await labelChildren(ctx, client, next, isKept);
      for (const child of isIndexType(next.mediaType) ? await childrenOf(ctx, client, next) : []) {
        if (!seen.has(child.digest)) queue.push(child);
        seen.add(child.digest);
      }
    } catch (error) {
      if (next === root) throw error;
      // An archive of one platform need not have the others.
      ctx.log.debug({digest: next.digest, error}, 'entry of an imported index is not in the archive');
    }
  }
}
