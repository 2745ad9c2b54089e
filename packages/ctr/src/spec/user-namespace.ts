/** User namespaces of containers: ranges of users and groups that are others on the host. */
import type {IdMapping} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {UsageError} from '../command/errors.ts';
import type {FlagValues} from '../command/flag-values.ts';
import type {FullSpec} from './default-spec.ts';

export interface IdMappings {
  users: IdMapping[];
  groups: IdMapping[];
}

/** Undefined when no user namespace is asked for. Both kinds of ranges are needed. */
export function parseMappings(flags: FlagValues): IdMappings | undefined {
  const users = flags.list('uidmap').map(word => parseRange('uidmap', word));
  const groups = flags.list('gidmap').map(word => parseRange('gidmap', word));
  if (users.length === 0 && groups.length === 0) {
    if (flags.bool('remap-labels')) throw new UsageError('--remap-labels needs --uidmap and --gidmap', false);
    return undefined;
  }
  if (users.length === 0 || groups.length === 0)
    throw new UsageError('--uidmap and --gidmap must be specified together', false);
  return {users, groups};
}

function parseRange(flag: string, word: string): IdMapping {
  const match = /^(\d+):(\d+):(\d+)$/.exec(word);
  const [containerID = 0, hostID = 0, size = 0] = match?.slice(1).map(Number) ?? [];
  if (!match || size === 0 || Math.max(containerID, hostID) + size > 2 ** 32) {
    throw new EngineError('invalid-argument', `invalid --${flag} "${word}": it needs container-id:host-id:length`);
  }
  return {containerID, hostID, size};
}

export function useUserNamespace(spec: FullSpec, {users, groups}: IdMappings): void {
  const others = (spec.linux.namespaces ?? []).filter(({type}) => type !== 'user');
  spec.linux.namespaces = [...others, {type: 'user'}];
  spec.linux.uidMappings = users;
  spec.linux.gidMappings = groups;
}

/** The id on the host. Throws for one that no range covers: its files would belong to nobody. */
export function hostId(mappings: readonly IdMapping[], id: number): number {
  const range = mappings.find(({containerID, size}) => id >= containerID && id < containerID + size);
  if (range) return range.hostID + id - range.containerID;
  throw new EngineError('invalid-argument', `id ${id} of the image is in no range of --uidmap or --gidmap`);
}

/** `0:100000:65536,…`, as names of snapshots and labels for snapshotters have it. */
export function mappingText(mappings: readonly IdMapping[]): string {
  return mappings.map(({containerID, hostID, size}) => `${containerID}:${hostID}:${size}`).join(',');
}
