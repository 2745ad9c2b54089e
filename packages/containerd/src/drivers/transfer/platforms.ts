/** Platforms of a transfer as the image helpers take them. */
import type {Platform} from '@longshore/api/oci';
import type {UnpackTarget} from '@longshore/containerd-client';
import type {StoreEndpoint, TransferPlatform} from '../../core/transfer/endpoints.ts';

export function platformFor({os, architecture, variant, osVersion}: TransferPlatform): Platform {
  return {os, architecture, ...(variant ? {variant} : {}), ...(osVersion ? {'os.version': osVersion} : {})};
}

export function unpacksFor({unpacks}: StoreEndpoint): UnpackTarget[] {
  return unpacks.map(({platform, snapshotter}) => ({
    ...(platform ? {platform: platformFor(platform)} : {}),
    ...(snapshotter ? {snapshotter} : {}),
  }));
}

/** One platform stands for its manifest; several leave the index as it is. */
export function chosenPlatforms(given: readonly TransferPlatform[]): {platform?: Platform; platforms?: Platform[]} {
  const platforms = given.map(platformFor);
  const [platform] = platforms;
  if (!platform) return {};
  return platforms.length === 1 ? {platform} : {platforms};
}
