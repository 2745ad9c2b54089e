/** `--mount` and `HostConfig.Mounts`. */
import {posix} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import type {MountRequest} from '../documents/host-config.ts';
import {type ParsedMount, withoutTrailingSlash} from './parse-bind.ts';

const propagations = ['', 'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

/** Throws `invalid mount config for type "bind": …`. Whether a source exists is checked by the caller. */
export function parseMount(request: MountRequest): ParsedMount {
  const problem = findProblem(request);
  if (problem) refuseMount(request.Type, problem);
  const destination = withoutTrailingSlash(posix.normalize(request.Target));
  const driver = request.VolumeOptions?.DriverConfig?.Name ?? '';
  const common = {
    driver,
    destination,
    readOnly: request.ReadOnly,
    spec: request,
    noCopy: false,
    sourceMustExist: false,
  };
  if (request.Type === 'tmpfs') return {...common, type: 'tmpfs', source: '', mode: '', propagation: ''};
  if (request.Type === 'bind') {
    return {
      ...common,
      type: 'bind',
      source: withoutTrailingSlash(posix.normalize(request.Source)),
      mode: '',
      propagation: request.BindOptions?.Propagation || 'rprivate',
      sourceMustExist: !request.BindOptions?.CreateMountpoint,
    };
  }
  if (request.Type === 'image') {
    return {...common, type: 'image', readOnly: true, source: request.Source, mode: '', propagation: ''};
  }
  const mode = request.Source === '' ? '' : 'z';
  // What a subpath names is there already: an image has nothing to put into it.
  const noCopy = Boolean(request.VolumeOptions?.NoCopy || request.VolumeOptions?.Subpath);
  return {...common, type: 'volume', source: request.Source, mode, propagation: '', noCopy};
}

export function refuseMount(type: string, problem: string): never {
  throw new EngineError('invalid-argument', `invalid mount config for type ${JSON.stringify(type)}: ${problem}`);
}

function findProblem(request: MountRequest): string | undefined {
  const {Type: type, Source: source, Target: target} = request;
  if (!['bind', 'volume', 'tmpfs', 'image'].includes(type)) return 'mount type unknown';
  return targetProblem(target) ?? findTypeProblem(request, source);
}

/** What is wrong with a place inside of the container. */
export function targetProblem(target: string): string | undefined {
  if (target === '') return 'field Target must not be empty';
  if (!target.startsWith('/')) return `invalid mount path: '${target}' mount path must be absolute`;
  if (posix.normalize(target) === '/') return `invalid specification: destination can't be '/'`;
  return undefined;
}

function findTypeProblem(request: MountRequest, source: string): string | undefined {
  const {Type: type} = request;
  if (type !== 'bind' && request.BindOptions) return 'field BindOptions must not be specified';
  if (type !== 'volume' && request.VolumeOptions) return 'field VolumeOptions must not be specified';
  if (type !== 'tmpfs' && request.TmpfsOptions) return 'field TmpfsOptions must not be specified';
  if (type !== 'image' && request.ImageOptions) return 'field ImageOptions must not be specified';
  if (type === 'tmpfs') return findTmpfsProblem(request, source);
  if (type === 'bind') return findBindProblem(request, source);
  if (type === 'image' && source === '') return 'field Source must not be empty';
  const subpath = (request.VolumeOptions ?? request.ImageOptions)?.Subpath ?? '';
  if (subpath === '') return undefined;
  if (source === '') return 'must not set Subpath when using anonymous volumes';
  if (subpath.startsWith('/') || subpath.split('/').includes('..'))
    return 'subpath must be a relative path within the volume';
  return undefined;
}

function findTmpfsProblem({TmpfsOptions: options}: MountRequest, source: string): string | undefined {
  if (source !== '') return 'field Source must not be specified';
  const bad = (options?.Options ?? []).find(
    words => words?.length !== 1 || !['exec', 'noexec'].includes(words[0] ?? ''),
  );
  return bad === undefined ? undefined : `invalid option: ${JSON.stringify((bad ?? []).join('='))}`;
}

function findBindProblem({BindOptions: options, ReadOnly: readOnly}: MountRequest, source: string): string | undefined {
  if (source === '') return 'field Source must not be empty';
  if (!source.startsWith('/')) return `invalid mount path: '${source}' mount path must be absolute`;
  if (!options) return undefined;
  if (!propagations.includes(options.Propagation)) return `invalid propagation mode: ${options.Propagation}`;
  if (options.ReadOnlyForceRecursive && !readOnly) {
    return 'mount options conflict: ReadOnlyForceRecursive needs ReadOnly';
  }
  if (options.ReadOnlyForceRecursive && options.ReadOnlyNonRecursive) {
    return 'mount options conflict: cannot use both ReadOnlyNonRecursive and ReadOnlyForceRecursive';
  }
  return undefined;
}
