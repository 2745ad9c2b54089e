/** Images as files and on the wire: names, digests, manifests, layer tars, archives and the registry client. */

export {decompressAny, detectCompression} from './archive/decompress.ts';
export type {ArchivedImage, ArchiveStore} from './archive/reader.ts';
export {readImageArchive} from './archive/reader.ts';
export type {ArchiveBlob, ArchiveImage} from './archive/writer.ts';
export {writeImageArchive} from './archive/writer.ts';
export {chainId, chainIds} from './chain-id.ts';
export {type Digest, Digester, digestOf, isDigest, parseDigest, verifyStream} from './digest.ts';
export type {TarMember} from './layer/reader.ts';
export {readTar} from './layer/reader.ts';
export type {TarEntry, TarEntryType} from './layer/tar-entry.ts';
export {tarEntry} from './layer/tar-entry.ts';
export {tarError} from './layer/tar-error.ts';
export type {TarEvent} from './layer/tar-parser.ts';
export {TarParser} from './layer/tar-parser.ts';
export type {Whiteout} from './layer/whiteout.ts';
export {opaqueWhiteoutName, parseWhiteout, whiteoutName} from './layer/whiteout.ts';
export type {TarSource} from './layer/writer.ts';
export {tarEnd, tarHeader, tarPadding, writeTar} from './layer/writer.ts';
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
export type {CredentialsSource, RegistryCredentials} from './registry/credentials.ts';
export type {EndpointOptions} from './registry/endpoints.ts';
export {isInsecure} from './registry/endpoints.ts';
export type {ResolvedManifest} from './registry/fetch.ts';
export {HttpClient} from './registry/http-client.ts';
export type {HttpDebug} from './registry/http-debug.ts';
export {type ProxySettings, parseProxy, proxySettings} from './registry/http-proxy.ts';
export type {LoginResult} from './registry/login.ts';
export type {PushOutcome} from './registry/push.ts';
export type {Registry, RegistryOptions} from './registry/registry.ts';
export {openRegistry} from './registry/registry.ts';
export {RegistryError} from './registry/registry-error.ts';
export type {SeccompProfile, SeccompTarget} from './seccomp/profile.ts';
export {defaultSeccompProfile, parseSeccompProfile, resolveSeccomp} from './seccomp/profile.ts';
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
