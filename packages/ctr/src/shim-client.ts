/** A connection to a shim, past containerd: to see what it says itself. */
import {createHash} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {TaskDefinition as TaskV2} from '@longshore/api/gen/containerd/runtime/task/v2/shim';
import {TaskDefinition as TaskV3} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {readMountInfo} from '@longshore/linux';
import {dial, type ServiceClient, type TtrpcClient} from '@longshore/ttrpc';
import type {Invocation} from './command/command.ts';
import {UsageError} from './command/errors.ts';

/** The calls that both versions of the service have, with the same messages. */
export type ShimTask = ServiceClient<TaskV3>;

export interface ShimConnection extends Disposable {
  id: string;
  task: ShimTask;
}

/** Connects to the shim of `--id`, or at `--shim-address`. Version 3 of the service is tried first, then 2. */
export async function openShim(invocation: Invocation, version?: number): Promise<ShimConnection> {
  const {ctx, flags} = invocation;
  const id = flags.text('id');
  if (id === '') throw new UsageError('the id of a shim must be provided: ctr shim --id ID COMMAND', false);
  const client = await dial(flags.text('shim-address') || shimAddress(invocation, id), {signal: ctx.signal});
  try {
    const newer = version === undefined ? await speaksV3(client, invocation, id) : version >= 3;
    const task = newer ? client.service(TaskV3) : (client.service(TaskV2) as unknown as ShimTask);
    return {id, task, [Symbol.dispose]: () => client.close()};
  } catch (error) {
    client.close();
    throw error;
  }
}

async function speaksV3(client: TtrpcClient, {ctx}: Invocation, id: string): Promise<boolean> {
  try {
    await client.service(TaskV3).connect(ctx, {id}, {timeoutMs: 5000});
    return true;
  } catch (error) {
    if (isErrorCode(error, 'unimplemented')) return false;
    throw error;
  }
}

/** As the bundle says, where it can be found; else where shims of containerd's usual directories listen. */
function shimAddress({ctx, address}: Invocation, id: string): string {
  const below = join('io.containerd.runtime.v2.task', ctx.namespace, id);
  const mounted = readMountInfo()
    .map(({mountPoint}) => mountPoint)
    .filter(path => path.endsWith(join('/', below, 'rootfs')))
    .map(path => join(path, '..'));
  for (const bundle of [...mounted, join('/run/containerd', below)]) {
    const found = addressOf(bundle);
    if (found) return found;
  }
  const name = createHash('sha256')
    .update(join(address, ctx.namespace, id))
    .digest('hex');
  const socket = join('/run/containerd/s', name);
  if (existsSync(socket)) return `unix://${socket}`;
  throw new EngineError('not-found', `cannot find the socket of shim ${id}: name it with --shim-address`);
}

function addressOf(bundle: string): string | undefined {
  const bootstrap = join(bundle, 'bootstrap.json');
  if (existsSync(bootstrap)) return (JSON.parse(readFileSync(bootstrap, 'utf8')) as {address?: string}).address;
  const address = join(bundle, 'address');
  return existsSync(address) ? readFileSync(address, 'utf8').trim() : undefined;
}
