/** What the snapshot commands share. */
import {Kind} from '@longshore/api/gen/containerd/services/snapshots/v1/snapshots';
import type {Mount} from '@longshore/api/gen/containerd/types/mount';
import type {Invocation} from './command/command.ts';

export interface SnapshotRow {
  name: string;
  parent: string;
  kind: string;
}

export async function listSnapshots({ctx, client, flags}: Invocation): Promise<SnapshotRow[]> {
  const rows: SnapshotRow[] = [];
  for await (const {info} of client.snapshots.list(ctx, {snapshotter: flags.text('snapshotter')})) {
    for (const {name, parent, kind} of info) rows.push({name, parent, kind: kindName(kind)});
  }
  return rows;
}

export function kindName(kind: Kind): string {
  const names: Record<number, string> = {[Kind.VIEW]: 'View', [Kind.ACTIVE]: 'Active', [Kind.COMMITTED]: 'Committed'};
  return names[kind] ?? 'Unknown';
}

/** Shell commands that mount a snapshot. */
export function mountCommands(mounts: readonly Mount[], target: string): string {
  return mounts.map(m => `mount -t ${m.type} ${m.source} ${target} -o ${m.options.join(',')}\n`).join('');
}
