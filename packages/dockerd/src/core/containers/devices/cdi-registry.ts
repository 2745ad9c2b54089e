/** All CDI devices of this machine, by their qualified names. */
import {EngineError} from '@longshore/errdefs';
import type {CdiEdits, CdiSpec} from './cdi-spec.ts';

/** A specification with the rank of its directory: of two with one device the higher counts. */
export interface RankedSpec {
  spec: CdiSpec;
  rank: number;
}

interface Entry {
  rank: number;
  spec: CdiSpec;
  edits: CdiEdits;
  /** Two specifications of one rank have it: neither counts. */
  isAmbiguous: boolean;
}

/** Names of all devices, sorted. */
export function cdiDeviceNames(specs: readonly RankedSpec[]): string[] {
  return [...indexDevices(specs)].flatMap(([name, {isAmbiguous}]) => (isAmbiguous ? [] : [name])).sort();
}

/**
 * The edits of the devices in order; those that a specification has for all its devices come once, before its first
 * device. Throws `CDI device injection failed: unresolvable CDI devices …`.
 */
export function cdiEditsOf(specs: readonly RankedSpec[], names: readonly string[]): CdiEdits[] {
  const devices = indexDevices(specs);
  const unknown = names.filter(name => !devices.has(name) || devices.get(name)?.isAmbiguous);
  if (unknown.length > 0) {
    const message = `CDI device injection failed: unresolvable CDI devices ${unknown.join(', ')}`;
    throw new EngineError('unknown', message);
  }
  const seen = new Set<CdiSpec>();
  return names.flatMap(name => {
    const {spec, edits} = devices.get(name) as Entry;
    const common = !seen.has(spec) && spec.containerEdits ? [spec.containerEdits] : [];
    seen.add(spec);
    return [...common, edits];
  });
}

function indexDevices(specs: readonly RankedSpec[]): Map<string, Entry> {
  const devices = new Map<string, Entry>();
  for (const {spec, rank} of specs) {
    for (const {name, containerEdits} of spec.devices) {
      const qualified = `${spec.kind}=${name}`;
      const known = devices.get(qualified);
      if (known?.rank === rank) known.isAmbiguous = true;
      else if (!known || rank > known.rank) {
        devices.set(qualified, {rank, spec, edits: containerEdits ?? {}, isAmbiguous: false});
      }
    }
  }
  return devices;
}
