/** `-v`: a bind of a path or a volume when there is a source, an anonymous volume when there is none. */
import {resolve} from 'node:path';

export interface VolumeFlags {
  binds: string[];
  /** Paths in the container that get an anonymous volume. */
  anonymous: Record<string, object>;
}

/** Throws an Error with Docker's text. */
export function parseVolumes(specs: readonly string[]): VolumeFlags {
  const result: VolumeFlags = {binds: [], anonymous: {}};
  // The same text again says nothing new; only another source for the same place is a conflict.
  for (const spec of new Set(specs)) {
    const parts = splitSpec(spec);
    if (parts.length === 1) result.anonymous[spec] = {};
    else result.binds.push([absoluteSource(parts[0]!), ...parts.slice(1)].join(':'));
  }
  return result;
}

function splitSpec(spec: string): string[] {
  if (spec === '') throw new Error('invalid empty volume spec');
  // A drive letter is no source: `C:\data` is one path.
  const drive = /^[a-zA-Z]:[\\/]/.test(spec) ? spec.slice(0, 2) : '';
  const parts = spec.slice(drive.length).split(':');
  parts[0] = drive + parts[0];
  if (parts.length > 3) throw new Error(`invalid spec: ${spec}: too many colons`);
  if (parts.some(part => part === '')) throw new Error(`invalid spec: ${spec}: empty section between colons`);
  return parts;
}

/** `./data` is relative to where the command runs; a bare name is a volume. */
function absoluteSource(source: string): string {
  return source.startsWith('.') ? resolve(source) : source;
}
