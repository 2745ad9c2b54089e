/** Snapshots whose files are shown with other owners, for containers with a user namespace. */
import {EngineError} from '@longshore/errdefs';
import type {Labels} from '../names.ts';

const uidLabel = 'containerd.io/snapshot/uidmapping';
const gidLabel = 'containerd.io/snapshot/gidmapping';

export interface MappedIds {
  /** `CONTAINER:HOST:SIZE`, several joined by commas. */
  readonly uidmap: string;
  readonly gidmap: string;
  /** Owner on the host of what belongs to root in the container. */
  readonly root: {readonly uid: number; readonly gid: number};
}

/** What the labels of a snapshot ask for. Throws invalid-argument for half of a mapping or one that is none. */
export function mappedIds(labels: Labels): MappedIds | undefined {
  const [uidmap, gidmap] = [labels[uidLabel] ?? '', labels[gidLabel] ?? ''];
  if (uidmap === '' && gidmap === '') return undefined;
  return {uidmap, gidmap, root: {uid: hostIdOfRoot(uidmap, uidLabel), gid: hostIdOfRoot(gidmap, gidLabel)}};
}

/** For snapshotters without: a client that asks for shifted ids must not get a snapshot without them. */
export function refuseMappedIds(labels: Labels, reason: string): void {
  const label = [uidLabel, gidLabel].find(name => labels[name]);
  if (label !== undefined) throw new EngineError('unimplemented', `snapshots with mapped ids: ${reason} (${label})`);
}

function hostIdOfRoot(mapping: string, label: string): number {
  for (const part of mapping.split(',')) {
    const match = /^([0-9]+):([0-9]+):([1-9][0-9]*)$/.exec(part);
    if (!match) break;
    if (Number(match[1]) === 0) return Number(match[2]);
  }
  throw new EngineError(
    'invalid-argument',
    `label ${label}="${mapping}" maps no root, as in 0:100000:65536: invalid argument`,
  );
}
