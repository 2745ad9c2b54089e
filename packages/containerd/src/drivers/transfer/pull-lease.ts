/** The lease of a pull. What a pull that broke off has fetched stays for a while, for the next one to go on with. */
import {createHash} from 'node:crypto';
import {type CallContext, callContext} from '@longshore/base';
import {acquireLease, type ImageServices} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';

const keepMs = 60 * 60 * 1000;

/** Runs `action` under its own lease, or under the lease that the context has already. */
export async function withPullLease<T>(
  ctx: CallContext,
  client: ImageServices,
  reference: string,
  action: (ctx: CallContext) => Promise<T>,
): Promise<T> {
  if (ctx.lease) return await action(ctx);
  // Not cut short by the client's giving up.
  const own = callContext({namespace: ctx.namespace, log: ctx.log});
  const keeper = `unfinished-pull-${createHash('sha256').update(reference).digest('hex').slice(0, 16)}`;
  await using lease = await acquireLease(ctx, client);
  try {
    const result = await action(lease.ctx);
    await forget(own, client, keeper);
    return result;
  } catch (error) {
    if (isErrorCode(error, 'canceled', 'unavailable', 'unknown')) await keep(own, client, lease.id, keeper);
    throw error;
  }
}

/** Puts what the lease has under another one, which ends by itself. */
async function keep(ctx: CallContext, client: ImageServices, from: string, keeper: string): Promise<void> {
  try {
    const {resources} = await client.leases.listResources(ctx, {id: from});
    if (resources.length === 0) return;
    await forget(ctx, client, keeper);
    const until = new Date(Date.now() + keepMs).toISOString().replace(/\.\d+Z$/, 'Z');
    await client.leases.create(ctx, {id: keeper, labels: {'containerd.io/gc.expire': until}});
    for (const resource of resources) await client.leases.addResource(ctx, {id: keeper, resource});
  } catch (error) {
    ctx.log.warn({error}, 'cannot keep what an unfinished pull has fetched');
  }
}

async function forget(ctx: CallContext, client: ImageServices, keeper: string): Promise<void> {
  try {
    await client.leases.delete(ctx, {id: keeper});
  } catch (error) {
    if (!isErrorCode(error, 'not-found')) throw error;
  }
}
