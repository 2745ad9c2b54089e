/** `shim … delete`: how a dead or failed shim's container is killed and taken apart. */
import {DeleteResponse} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import type {ProcessExit} from '../../core/tasks/shim.ts';
import type {Bundle} from './bundle.ts';
import {exitFromWire} from './convert.ts';
import {actionEnvironment, type DaemonAddresses} from './environment.ts';
import {runAction} from './run-action.ts';

export interface ShimCommand {
  addresses: DaemonAddresses;
  /** Further variables of every shim, `KEY=VALUE`. */
  environment: readonly string[];
  /** Path of the containerd executable, for shims that publish events through it. */
  publishBinary: string;
  /** Whether shims shall log in detail. */
  debug: boolean;
}

/** Throws unknown or deadline-exceeded. */
export async function runDelete(
  command: ShimCommand,
  shim: string,
  bundle: Bundle,
  timeoutMs: number,
): Promise<ProcessExit> {
  const {stdout} = await runAction({
    path: shim,
    args: [...actionFlags(command, bundle), '-bundle', bundle.path, ...(command.debug ? ['-debug'] : []), 'delete'],
    cwd: bundle.path,
    env: actionEnvironment(command, bundle.namespace),
    stdin: new Uint8Array(),
    timeoutMs,
  });
  return exitFromWire(DeleteResponse.decode(stdout));
}

/** Flags that `start` and `delete` have in common, in the order of the original. */
export function actionFlags({addresses, publishBinary}: ShimCommand, {namespace, id}: Bundle): string[] {
  return ['-namespace', namespace, '-address', addresses.grpc, '-publish-binary', publishBinary, '-id', id];
}
