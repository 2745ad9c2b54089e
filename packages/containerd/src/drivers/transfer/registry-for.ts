/** The registry client of one transfer, and its errors in the original's words. */
import {type CallContext, containerdVersion} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import {openRegistry, pullReference, type Registry, type ResolvedManifest} from '@longshore/oci';
import type {RegistryEndpoint} from '../../core/transfer/endpoints.ts';

/** `configured` is the directory of `hosts.toml` files for clients that name none. */
export function registryFor(endpoint: RegistryEndpoint, configured: string): Registry {
  const {credentials, debug, headers, hostsDir, scheme} = endpoint;
  const directory = hostsDir || configured;
  return openRegistry({
    userAgent: `containerd/${containerdVersion}`,
    headers,
    plainHttp: scheme === 'http',
    ...(credentials ? {credentials} : {}),
    ...(debug ? {debug} : {}),
    ...(directory ? {hostsDir: directory} : {}),
  });
}

export async function resolveImage(ctx: CallContext, registry: Registry, name: string): Promise<ResolvedManifest> {
  try {
    return await registry.resolve(ctx, pullReference(name));
  } catch (error) {
    ctx.signal.throwIfAborted();
    const code = registryCode(error);
    const reason = code === 'not-found' ? `${name}: not found` : messageOf(error);
    throw new EngineError(code, `failed to resolve image: ${reason}`, {cause: error});
  }
}

export async function withRegistryErrors<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (registryCode(error) === codeOf(error)) throw error;
    throw new EngineError(registryCode(error), messageOf(error), {cause: error});
  }
}

/** A registry that cannot be reached is no reason to call this daemon unavailable. */
function registryCode(error: unknown) {
  const code = codeOf(error);
  return code === 'unavailable' ? 'unknown' : code;
}
