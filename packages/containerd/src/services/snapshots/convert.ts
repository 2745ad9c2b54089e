import type {Info} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import {Kind} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import type {Mount as WireMount} from '@longshore/api/gen/containerd/types/mount';
import type {Fields} from '../../core/filters/filter.ts';
import {mapField} from '../../core/filters/filter.ts';
import type {Mount, SnapshotInfo, SnapshotKind} from '../../core/snapshots/snapshotter.ts';

const kinds: Record<SnapshotKind, Kind> = {view: Kind.VIEW, active: Kind.ACTIVE, committed: Kind.COMMITTED};

export function infoToWire(info: SnapshotInfo): Info {
  return {...info, kind: kinds[info.kind]};
}

export function mountToWire({type, source, target, options}: Mount): WireMount {
  return {type, source, target, options: [...options]};
}

export function mountFromWire({type, source, target, options}: WireMount): Mount {
  return {type, source, target, options};
}

/** What a filter may ask about a snapshot. */
export function infoFields(info: SnapshotInfo): Fields {
  return ([first, ...rest]) => {
    if (first === 'labels') return mapField(info.labels, rest);
    if (rest.length > 0) return undefined;
    if (first === 'kind') return info.kind;
    if (first === 'name') return info.name;
    return first === 'parent' ? info.parent : undefined;
  };
}
