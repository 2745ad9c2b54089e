/** Images as files and on the wire: names, digests, manifests, layer tars, archives and the registry client. */

export {chainId, chainIds} from './chain-id.ts';
export {type Digest, Digester, digestOf, isDigest, parseDigest, verifyStream} from './digest.ts';
export type {Compression} from './media-types.ts';
export {
  acceptedManifests,
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  mediaTypes,
  withCompression,
} from './media-types.ts';
export type {NormalPlatform} from './platform.ts';
export {
  defaultPlatform,
  formatPlatform,
  normalizePlatform,
  parsePlatform,
  platformRank,
  runnablePlatforms,
  samePlatform,
} from './platform.ts';
export type {Reference} from './reference.ts';
export {
  familiarName,
  familiarReference,
  formatReference,
  parseFullReference,
  parseReference,
  pullReference,
  registryHost,
  repositoryName,
  withDefaultTag,
  withDigest,
  withTag,
} from './reference.ts';
export {isAttestation, selectManifests} from './select-manifest.ts';
export {
  checkDescriptor,
  isIndex,
  maxManifestBytes,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseManifestOrIndex,
} from './validate.ts';
