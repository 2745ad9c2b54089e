/** Pointing a name at an image without losing the one that it pointed at. */
import type {Descriptor} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {isErrorCode} from '@longshore/errdefs';
import type {ImageRecord, ImageStore} from './image-store.ts';
import {danglingName, isDangling} from './names.ts';

/** The image that had the name before stays as a dangling one when it has no other. */
export async function moveName(
  ctx: CallContext,
  store: ImageStore,
  name: string,
  target: Descriptor,
  labels: Record<string, string> = {},
): Promise<void> {
  const before = await store.get(ctx, name);
  if (before?.target.digest === target.digest) return;
  if (before) await keepDangling(ctx, store, before);
  await store.put(ctx, name, target, labels);
  await forget(ctx, store, danglingName(target.digest));
}

/** Keeps an image that is about to lose a name, if that is its last one. */
async function keepDangling(ctx: CallContext, store: ImageStore, {name, target, labels}: ImageRecord): Promise<void> {
  const records = await store.list(ctx);
  const hasOther = records.some(
    each => each.target.digest === target.digest && each.name !== name && !isDangling(each.name),
  );
  if (!hasOther) await store.put(ctx, danglingName(target.digest), target, labels);
}

/** Removes a name that may not be there. */
export async function forget(ctx: CallContext, store: ImageStore, name: string): Promise<void> {
  try {
    await store.remove(ctx, name, {sync: false});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
  }
}
