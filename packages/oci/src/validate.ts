/**
 * Manifests, indexes and configurations come from strangers. What passes here has the shape that the types promise;
 * unknown fields are left alone.
 */
import type {Descriptor, Image, Index, Manifest, Platform} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {parseDigest} from './digest.ts';
import {isIndexType, isManifestType, mediaTypes} from './media-types.ts';

/** Registries refuse manifests over 4 MiB, and clients read twice that. */
export const maxManifestBytes: number = 8 << 20;
const maxLayers = 10_000;
const maxIndexEntries = 10_000;

type Json = Record<string, unknown>;

/** Parses and checks a manifest or an index; `mediaType` is what the registry or the descriptor calls it. */
export function parseManifestOrIndex(bytes: Uint8Array, mediaType: string): Manifest | Index {
  if (mediaType === mediaTypes.dockerSchema1 || mediaType === mediaTypes.dockerSchema1Signed) {
    throw new EngineError('unimplemented', `media type "${mediaType}" is no longer supported, rebuild the image`);
  }
  if (isIndexType(mediaType)) return parseIndex(bytes);
  if (isManifestType(mediaType)) return parseManifest(bytes);
  throw new EngineError('unimplemented', `media type "${mediaType}" is neither a manifest nor an index`);
}

export function isIndex(value: Manifest | Index): value is Index {
  return 'manifests' in value;
}

export function parseManifest(bytes: Uint8Array): Manifest {
  const json = parseJson(bytes, 'manifest');
  checkSchema(json, 'manifest');
  if ('manifests' in json) throw bad('manifest', 'has "manifests": it is an index');
  const layers = asArray(json.layers, 'manifest', 'layers', maxLayers);
  checkDescriptor(json.config, 'manifest config');
  for (const layer of layers) checkDescriptor(layer, 'manifest layer');
  return {...json, layers} as unknown as Manifest;
}

export function parseIndex(bytes: Uint8Array): Index {
  const json = parseJson(bytes, 'index');
  checkSchema(json, 'index');
  if ('layers' in json || 'config' in json) throw bad('index', 'has "config" or "layers": it is a manifest');
  const manifests = asArray(json.manifests, 'index', 'manifests', maxIndexEntries);
  for (const entry of manifests) checkDescriptor(entry, 'index entry');
  return {...json, manifests} as unknown as Index;
}

/** Parses an image configuration. `rootfs.diff_ids` are checked; the rest is optional. */
export function parseImageConfig(bytes: Uint8Array): Image {
  const json = parseJson(bytes, 'image config');
  const rootfs = json.rootfs as Json | undefined;
  if (!isObject(rootfs)) throw bad('image config', 'has no "rootfs"');
  const diffIds = asArray(rootfs.diff_ids, 'image config', 'rootfs.diff_ids', maxLayers);
  for (const diffId of diffIds) checkDigest(diffId, 'image config diff id');
  checkType(json, 'image config', {architecture: 'string', os: 'string', variant: 'string', created: 'string'});
  const {config, history} = json;
  if (config !== undefined && config !== null && !isObject(config)) throw bad('image config', '"config" is no object');
  if (isObject(config)) checkRunConfig(config);
  if (history !== undefined && history !== null) asArray(history, 'image config', 'history', 100_000);
  return {
    ...json,
    architecture: json.architecture ?? '',
    os: json.os ?? '',
    rootfs: {...rootfs, type: 'layers', diff_ids: diffIds},
  } as unknown as Image;
}

function checkRunConfig(config: Json): void {
  checkType(config, 'image config', {User: 'string', WorkingDir: 'string', StopSignal: 'string'});
  for (const key of ['Env', 'Cmd', 'Entrypoint', 'Shell', 'OnBuild']) {
    const list = config[key];
    if (list === undefined || list === null) continue;
    if (!Array.isArray(list) || list.some(item => typeof item !== 'string')) {
      throw bad('image config', `"config.${key}" is no list of strings`);
    }
  }
  for (const key of ['Labels', 'Volumes', 'ExposedPorts']) {
    const map = config[key];
    if (map !== undefined && map !== null && !isObject(map)) throw bad('image config', `"config.${key}" is no object`);
  }
  const labels = config.Labels;
  if (isObject(labels) && Object.values(labels).some(value => typeof value !== 'string')) {
    throw bad('image config', '"config.Labels" has a value that is no string');
  }
}

/** Checks one descriptor; `what` names it in errors. */
export function checkDescriptor(value: unknown, what = 'descriptor'): asserts value is Descriptor {
  if (!isObject(value)) throw bad(what, 'is no object');
  if (typeof value.mediaType !== 'string') throw bad(what, 'has no "mediaType"');
  if (!/^[\x20-\x7e]{0,255}$/.test(value.mediaType)) throw bad(what, 'has a bad "mediaType"');
  checkDigest(value.digest, what);
  if (!Number.isSafeInteger(value.size) || (value.size as number) < 0) throw bad(what, 'has no valid "size"');
  const {urls, annotations, platform} = value;
  if (urls !== undefined && urls !== null && !isStringList(urls)) throw bad(what, '"urls" is no list of strings');
  if (annotations !== undefined && annotations !== null) checkAnnotations(annotations, what);
  if (platform !== undefined && platform !== null) checkPlatform(platform, what);
}

function checkAnnotations(value: unknown, what: string): void {
  if (!isObject(value) || Object.values(value).some(item => typeof item !== 'string')) {
    throw bad(what, '"annotations" is no map of strings');
  }
}

function checkPlatform(value: unknown, what: string): asserts value is Platform {
  if (!isObject(value)) throw bad(what, '"platform" is no object');
  if (typeof value.os !== 'string' || typeof value.architecture !== 'string') {
    throw bad(what, '"platform" lacks "os" or "architecture"');
  }
  checkType(value, what, {variant: 'string', 'os.version': 'string'});
}

function checkDigest(value: unknown, what: string): void {
  if (typeof value !== 'string') throw bad(what, 'has no digest');
  try {
    parseDigest(value);
  } catch (error) {
    throw new EngineError('invalid-argument', `${what} has a bad digest: ${(error as Error).message}`, {cause: error});
  }
}

function checkSchema(json: Json, what: string): void {
  if (json.schemaVersion !== 2) throw bad(what, `has schema version ${JSON.stringify(json.schemaVersion)}, not 2`);
  checkType(json, what, {mediaType: 'string', artifactType: 'string'});
  if (json.annotations !== undefined && json.annotations !== null) checkAnnotations(json.annotations, what);
}

function checkType(json: Json, what: string, types: Record<string, string>): void {
  for (const [key, type] of Object.entries(types)) {
    const value = json[key];
    if (value !== undefined && value !== null && typeof value !== type) throw bad(what, `"${key}" is no ${type}`);
  }
}

function asArray(value: unknown, what: string, key: string, limit: number): unknown[] {
  const list = value ?? []; // Go writes null for an empty list
  if (!Array.isArray(list)) throw bad(what, `"${key}" is no list`);
  if (list.length > limit) throw bad(what, `"${key}" has more than ${limit} entries`);
  return list;
}

function parseJson(bytes: Uint8Array, what: string): Json {
  if (bytes.length > maxManifestBytes) throw bad(what, `has more than ${maxManifestBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch (error) {
    throw new EngineError('invalid-argument', `${what} is not JSON: ${(error as Error).message}`, {cause: error});
  }
  if (!isObject(value)) throw bad(what, 'is no JSON object');
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringList(value: unknown): boolean {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}

function bad(what: string, reason: string): EngineError {
  return new EngineError('invalid-argument', `${what} ${reason}`);
}
