/** Options of the runtime: those of a container, and those of one task. */
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Options as GenericOptions} from '@longshore/api/gen/containerd/types/runtimeoptions/v1/api';
import {protobufTypeUrl} from '@longshore/api/type-urls';
import {type Any, packAny} from '@longshore/containerd-client';
import {bool, type Flag, text} from '../command/command.ts';
import type {FlagValues} from '../command/flag-values.ts';

export const runtimeFlags: Flag[] = [
  {...text('runtime', 'Runtime name or absolute path to runtime binary'), default: 'io.containerd.runc.v2'},
  text('runtime-config-path', 'Optional runtime config path'),
  text('runc-binary', 'Specify runc-compatible binary'),
  text('runc-root', 'Specify runc-compatible root'),
  bool('runc-systemd-cgroup', 'Start runc with systemd cgroup manager'),
];

/** Of a container's record. Runtimes that are not runc's take the path of a file instead of runc's options. */
export function runtimeOptions(flags: FlagValues): Any {
  const configPath = flags.text('runtime-config-path');
  if (configPath) {
    return packAny(protobufTypeUrl.runtimeOptions, GenericOptions, GenericOptions.fromPartial({configPath}));
  }
  return packAny(protobufTypeUrl.runcOptions, Options, Options.fromPartial(runcOptions(flags)));
}

/** Runtime options that differ from the container's: only --no-pivot makes any. */
export function taskOptions(flags: FlagValues): {options?: Any} {
  if (!flags.bool('no-pivot')) return {};
  // Options of a task replace those of the container as a whole.
  const partial = {noPivotRoot: true, ...(flags.knows('runc-binary') ? runcOptions(flags) : {})};
  return {options: packAny(protobufTypeUrl.runcOptions, Options, Options.fromPartial(partial))};
}

function runcOptions(flags: FlagValues) {
  return {
    binaryName: flags.text('runc-binary'),
    root: flags.text('runc-root'),
    systemdCgroup: flags.bool('runc-systemd-cgroup'),
  };
}
