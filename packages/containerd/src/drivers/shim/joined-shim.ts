/** How a task finds the shim of the sandbox that it belongs to: nothing is started for it. */
import {EngineError} from '@longshore/errdefs';
import {quote} from '../../core/names.ts';
import type {ShimRequest, TaskApi} from '../../core/tasks/shim.ts';
import type {Bootstrap} from './bootstrap.ts';
import {Bundle, type BundleRoots} from './bundle.ts';

export interface JoinedShim {
  bootstrap: Bootstrap;
  /** Executable of the sandbox's shim; undefined when it is only known by its address. */
  path: string | undefined;
}

/** Undefined for a task that has a shim of its own. Throws not-found for a sandbox without a shim. */
export async function findJoinedShim(
  roots: BundleRoots,
  namespace: string,
  {sandbox, taskApi}: Pick<ShimRequest, 'sandbox' | 'taskApi'>,
): Promise<JoinedShim | undefined> {
  if (sandbox === undefined && !taskApi) return undefined;
  const bundle = sandbox === undefined ? undefined : new Bundle(roots, namespace, sandbox);
  const path = await bundle?.readShimPath();
  if (taskApi) return {bootstrap: parseTaskApi(taskApi), path};
  const bootstrap = await bundle?.readBootstrap();
  if (!bootstrap) throw new EngineError('not-found', `can't find sandbox ${sandbox}: not found`);
  return {bootstrap, path};
}

/** Throws unimplemented for what is no unix socket of this host, or a version that no task service has yet. */
export function parseTaskApi({address, version}: TaskApi): Bootstrap {
  const match = /^(?:(ttrpc|grpc)\+)?(?:unix:(?:\/\/)?)?(\/.*)$/.exec(address);
  if (!match) {
    throw new EngineError('unimplemented', `task_api_address ${quote(address)} is not a unix socket: not implemented`);
  }
  if (version !== 0 && version !== 2 && version !== 3) {
    throw new EngineError('unimplemented', `unsupported task_api_version (${version}): not implemented`);
  }
  const protocol = match[1] === 'grpc' ? 'grpc' : 'ttrpc';
  return {address: `unix://${match[2]}`, protocol, version: version || 3};
}
