/** What `state` and `list` show of a record. */
import {readFileSync, statSync} from 'node:fs';
import type {ContainerState} from '../runtime-options.ts';
import type {ContainerRecord} from './record.ts';
import {statusOf} from './status.ts';

/** Keys in runc's order; `owner` is empty, as runc leaves it in `state`. */
export function stateOf(record: ContainerRecord): ContainerState {
  const status = statusOf(record);
  const {ociVersion, id, bundle, rootfs, created, annotations} = record;
  return {
    ociVersion,
    id,
    pid: status === 'stopped' ? 0 : record.pid,
    status,
    bundle,
    rootfs,
    created,
    ...(Object.keys(annotations).length === 0 ? {} : {annotations}),
    owner: '',
  };
}

/** Name of the user who owns the state directory; `#1000` for a user without a name. */
export function ownerOf(record: ContainerRecord, passwd: string = readPasswd()): string {
  const {uid} = statSync(record.directory);
  for (const line of passwd.split('\n')) {
    const fields = line.split(':');
    if (fields[2] === String(uid)) return fields[0]!;
  }
  return `#${uid}`;
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
