/** The CNI network of a task: made between its creation and its start, released after its end. */
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';
import {addToNetwork, cniExtension, loadCni, removeFromNetwork} from './cni.ts';

export interface TaskNetwork {
  /** The task was created and its first process holds the namespace. */
  attach(pid: number): Promise<void>;
  release(): Promise<void>;
}

/** Undefined for a container without CNI. Throws before anything is created when there is no usable configuration. */
export async function openTaskNetwork(
  ctx: CallContext,
  client: ContainerdClient,
  id: string,
): Promise<TaskNetwork | undefined> {
  const {container} = await client.containers.get(ctx, {id});
  if (!container?.extensions[cniExtension]) return undefined;
  const network = await loadCni();
  const containerId = `${ctx.namespace}-${id}`;
  return {
    attach: async pid => {
      await addToNetwork(network, {containerId, netns: `/proc/${pid}/ns/net`});
    },
    release: () => removeFromNetwork(network, {containerId, netns: ''}),
  };
}

/** After the end of a task that was started by another call of ours. */
export async function releaseNetwork(ctx: CallContext, client: ContainerdClient, id: string): Promise<void> {
  const network = await openTaskNetwork(ctx, client, id);
  await network?.release();
}
