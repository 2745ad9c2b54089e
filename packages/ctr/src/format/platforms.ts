import type {Descriptor, Platform} from '@longshore/api/oci';
import type {CallContext} from '@longshore/base';
import {type ContainerdClient, readBlob, readImage} from '@longshore/containerd-client';
import {isErrorCode} from '@longshore/errdefs';
import {formatPlatform, parseIndex, parsePlatform} from '@longshore/oci';

/** The platform of a flag; undefined, and so this machine's, for an empty text. */
export function platformOf(text: string): Platform | undefined {
  return text === '' ? undefined : parsePlatform(text);
}

/** The platforms of an image whose configuration is present, separated by commas; "-" when there is none. */
export async function imagePlatforms(ctx: CallContext, client: ContainerdClient, target: Descriptor): Promise<string> {
  try {
    if (/index|list/.test(target.mediaType)) {
      const {manifests} = parseIndex(await readBlob(ctx, client, target.digest));
      const platforms = manifests.flatMap(m =>
        m.platform && m.platform.os !== 'unknown' ? [formatPlatform(m.platform)] : [],
      );
      if (platforms.length > 0) return [...new Set(platforms)].sort().join(',');
    }
    const {config} = await readImage(ctx, client, target);
    return formatPlatform(config);
  } catch (error) {
    // Also for an image that something has damaged: the others are still to be listed.
    if (isErrorCode(error, 'not-found') || isErrorCode(error, 'invalid-argument')) return '-';
    throw error;
  }
}
