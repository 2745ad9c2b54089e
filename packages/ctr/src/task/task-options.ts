import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {type Any, packAny} from '@longshore/containerd-client';
import type {FlagValues} from '../command/flag-values.ts';

/** Runtime options that differ from the container's: only --no-pivot makes any. */
export function taskOptions(flags: FlagValues): {options?: Any} {
  if (!flags.bool('no-pivot')) return {};
  const partial = {
    noPivotRoot: true,
    // Options of a task replace those of the container as a whole.
    binaryName: optional(flags, 'runc-binary'),
    root: optional(flags, 'runc-root'),
  };
  return {options: packAny(protobufTypeUrl.runcOptions, Options, Options.fromPartial(partial))};
}

/** `tasks start` does not have every flag of `run`. */
function optional(flags: FlagValues, name: string): string {
  return flags.has(name) ? flags.text(name) : '';
}
