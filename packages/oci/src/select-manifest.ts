import type {Descriptor, Index} from '@longshore/api/oci';
import {type NormalPlatform, platformRank} from './platform.ts';

/** True for the entry of an index that holds provenance or an SBOM instead of an image. */
export function isAttestation(entry: Descriptor): boolean {
  return entry.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

/**
 * The entries of an index that a machine of this platform can run, the best first; of equals the earlier. An entry
 * without a platform comes last: only its configuration can tell.
 */
export function selectManifests(index: Index, wanted: NormalPlatform): Descriptor[] {
  const ranked: {entry: Descriptor; rank: number}[] = [];
  for (const entry of index.manifests) {
    if (isAttestation(entry)) continue;
    const rank = entry.platform ? platformRank(entry.platform, wanted) : Number.MAX_SAFE_INTEGER;
    if (rank !== undefined) ranked.push({entry, rank});
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({entry}) => entry);
}
