/** Labels that tell which repositories are known to have a blob, so that a push can have it mounted from there. */
import type {CallContext} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import type {Reference} from '@longshore/oci';
import type {ImageServices} from '../client.ts';
import {setContentLabels} from '../content/ingest.ts';

/** containerd refuses labels whose key and value have more bytes than this together. */
const maxLabelBytes = 4096;

export function sourceKey(reference: Reference): string {
  return `containerd.io/distribution.source.${reference.domain}`;
}

/** Repositories of the reference's registry that have the blob; none when the store does not have the blob. */
export async function knownRepositories(
  ctx: CallContext,
  client: ImageServices,
  reference: Reference,
  digest: string,
): Promise<string[]> {
  try {
    const {info} = await client.content.info(ctx, {digest});
    return info?.labels[sourceKey(reference)]?.split(',').filter(Boolean) ?? [];
  } catch (error) {
    if (isErrorCode(error, 'not-found')) return [];
    throw error;
  }
}

/** Notes that the reference's repository has the blob. */
export async function addRepository(
  ctx: CallContext,
  client: ImageServices,
  reference: Reference,
  digest: string,
): Promise<void> {
  const known = await knownRepositories(ctx, client, reference, digest);
  if (known.includes(reference.path)) return;
  const key = sourceKey(reference);
  let all = [...known, reference.path];
  while (all.length > 1 && key.length + Buffer.byteLength(all.join(',')) > maxLabelBytes) all = all.slice(1);
  await setContentLabels(ctx, client, digest, {[key]: all.join(',')});
}
