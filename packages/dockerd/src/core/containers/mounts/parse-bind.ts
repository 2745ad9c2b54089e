/** `-v` and `HostConfig.Binds`: `[source:]destination[:mode]`. */
import {posix} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {MountRequest} from '../documents/host-config.ts';

/** A mount as requested, in the one form that both ways of asking come down to. */
export interface ParsedMount {
  type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** Host path, volume name (empty for an anonymous one), or the name of an image. */
  source: string;
  destination: string;
  readOnly: boolean;
  /** As an inspect shows it. */
  mode: string;
  propagation: string;
  /** Do not fill an empty volume from the image. */
  noCopy: boolean;
  /** A missing source of a bind is an error instead of being made. */
  sourceMustExist: boolean;
  spec: MountRequest;
  /** Of a volume that is to be made; empty for the standard one. */
  driver: string;
}

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];
/** Of each group at most one may be in a mode. */
const modeGroups = [['ro', 'rw'], ['z', 'Z'], ['nocopy'], propagations, ['consistent', 'cached', 'delegated']];

/** True when every word of the mode is known and no group appears twice. */
export function isValidMode(mode: string): boolean {
  if (mode === '') return true;
  const groups = mode.split(',').map(word => modeGroups.findIndex(group => group.includes(word)));
  return !groups.includes(-1) && new Set(groups).size === groups.length;
}

/** Throws Docker's messages; they come with status 500 there, so the code is `unknown`. */
export function parseBind(text: string): ParsedMount {
  const parts = text.split(':');
  if (parts.length > 3 || parts[0] === '') refuse(`invalid volume specification: '${text}'`);
  const [source, destination, mode] = splitBind(parts);
  if (!isValidMode(mode)) refuse(`invalid mode: ${mode}`);
  const words = mode.split(',');
  const isBind = source.startsWith('/');
  const type = isBind ? 'bind' : 'volume';
  checkDestination(text, destination, type);
  const extra = isBind ? words.includes('nocopy') : propagations.some(each => words.includes(each));
  if (extra) {
    const field = isBind ? 'VolumeOptions' : 'BindOptions';
    const problem = `invalid mount config for type "${type}": field ${field} must not be specified`;
    refuse(`invalid volume specification: '${text}': ${problem}`);
  }
  const readOnly = words.includes('ro');
  const propagation = propagations.find(each => words.includes(each)) ?? (isBind ? 'rprivate' : '');
  const cleanSource = isBind ? posix.normalize(source) : source;
  const target = posix.normalize(destination);
  return {
    type,
    source: cleanSource,
    destination: withoutTrailingSlash(target),
    readOnly,
    mode: mode || (source !== '' && !isBind ? 'z' : ''),
    propagation,
    noCopy: words.includes('nocopy'),
    sourceMustExist: false,
    driver: '',
    spec: makeSpec(type, withoutTrailingSlash(cleanSource), withoutTrailingSlash(target), readOnly, words),
  };
}

function splitBind(parts: string[]): [source: string, destination: string, mode: string] {
  const [first = '', second, third] = parts;
  if (second === undefined) return ['', first, ''];
  if (third !== undefined) return [first, second, third];
  // `/data:ro` is a destination with a mode, `/src:/dst` two paths.
  return isValidMode(second) && second !== '' ? ['', first, second] : [first, second, ''];
}

function checkDestination(text: string, destination: string, type: string): void {
  const problem = destination.startsWith('/')
    ? posix.normalize(destination) === '/'
      ? `invalid specification: destination can't be '/'`
      : undefined
    : `invalid mount path: '${destination}' mount path must be absolute`;
  if (problem) refuse(`invalid volume specification: '${text}': invalid mount config for type "${type}": ${problem}`);
}

function makeSpec(type: string, source: string, target: string, readOnly: boolean, words: string[]): MountRequest {
  const propagation = propagations.find(each => words.includes(each));
  return {
    Type: type,
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    Consistency: '',
    BindOptions: type === 'bind' && propagation ? {...noBindOptions, Propagation: propagation} : null,
    VolumeOptions:
      type === 'volume' && words.includes('nocopy')
        ? {NoCopy: true, Labels: null, Subpath: '', DriverConfig: null}
        : null,
    ImageOptions: null,
    TmpfsOptions: null,
    ClusterOptions: null,
  };
}

export const noBindOptions = {
  Propagation: '',
  NonRecursive: false,
  CreateMountpoint: false,
  ReadOnlyNonRecursive: false,
  ReadOnlyForceRecursive: false,
};

export function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

function refuse(message: string): never {
  throw new EngineError('unknown', message);
}
