/** Media types of images, and what each says about its content. */
import {EngineError} from '@longshore/errdefs';

export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  dockerPlugin: 'application/vnd.docker.plugin.v1+json',
  inToto: 'application/vnd.in-toto+json',
} as const;

/** What a registry is asked for: an index first, since it lets the client choose. */
export const acceptedManifests: readonly string[] = [
  mediaTypes.ociIndex,
  mediaTypes.dockerIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
];

export type Compression = 'none' | 'gzip' | 'zstd';

export function isIndexType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociManifest || mediaType === mediaTypes.dockerManifest;
}

export function isConfigType(mediaType: string): boolean {
  return mediaType === mediaTypes.ociConfig || mediaType === mediaTypes.dockerConfig;
}

const ociLayer = /^application\/vnd\.oci\.image\.layer\.(nondistributable\.)?v1\.tar(\+gzip|\+zstd)?$/;
const dockerLayer = /^application\/vnd\.docker\.image\.rootfs\.(foreign\.)?diff\.tar(\.gzip|\.zstd)?$/;

export function isLayerType(mediaType: string): boolean {
  return ociLayer.test(mediaType) || dockerLayer.test(mediaType);
}

/** Layers that registries do not hold: their bytes come from the `urls` of the descriptor. */
export function isForeignLayerType(mediaType: string): boolean {
  return (ociLayer.exec(mediaType) ?? dockerLayer.exec(mediaType))?.[1] !== undefined;
}

/** How the layer is compressed. Throws `unimplemented` for what is not a layer that can be read. */
export function layerCompression(mediaType: string): Compression {
  const match = ociLayer.exec(mediaType) ?? dockerLayer.exec(mediaType);
  if (!match) throw new EngineError('unimplemented', `media type "${mediaType}" is not a layer that can be unpacked`);
  const suffix = match[2]?.slice(1);
  return suffix === 'gzip' || suffix === 'zstd' ? suffix : 'none';
}

/** The same layer's media type without, or with another, compression. */
export function withCompression(mediaType: string, compression: Compression): string {
  layerCompression(mediaType);
  const base = mediaType.replace(/[+.](gzip|zstd)$/, '');
  if (compression === 'none') return base;
  return `${base}${base.startsWith('application/vnd.docker') ? '.' : '+'}${compression}`;
}
