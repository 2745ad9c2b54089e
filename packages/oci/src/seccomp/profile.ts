/** From a Docker seccomp profile to the filter of one container: rules that do not apply to it are left out. */
import type {LinuxSeccomp, LinuxSyscall} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import builtin from './default-profile.json' with {type: 'json'};

type Condition = {caps?: string[]; arches?: string[]; minKernel?: string};
type ProfileRule = LinuxSyscall & {
  name?: string;
  comment?: string;
  includes?: Condition;
  excludes?: Condition;
};

/** A profile as in the file of `--security-opt seccomp=FILE`. */
export interface SeccompProfile extends Omit<LinuxSeccomp, 'syscalls'> {
  archMap?: {architecture: string; subArchitectures?: string[]}[];
  syscalls?: ProfileRule[];
}

export interface SeccompTarget {
  capabilities: readonly string[];
  /** As images name it: `amd64`. */
  architecture: string;
  /** `6.1.0-13-amd64` */
  kernelVersion: string;
}

const nativeArchitecture: Record<string, string> = {
  amd64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
  386: 'SCMP_ARCH_X86',
  arm: 'SCMP_ARCH_ARM',
};

/** Docker's profile, for containers whose user names none. */
export const defaultSeccompProfile = builtin as unknown as SeccompProfile;

/** Reads a profile that a user gave. Throws `invalid-argument`. */
export function parseSeccompProfile(text: string): SeccompProfile {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object');
    return value as SeccompProfile;
  } catch (error) {
    throw new EngineError('invalid-argument', `decoding seccomp profile failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The filter for `config.json`; undefined for an empty profile, which filters nothing. */
export function resolveSeccomp(profile: SeccompProfile, target: SeccompTarget): LinuxSeccomp | undefined {
  if (profile.defaultAction === undefined) return undefined;
  if (profile.archMap?.length && profile.architectures?.length) {
    throw new EngineError('invalid-argument', 'both architectures and archMap are specified in the seccomp profile');
  }
  const {archMap, architectures, syscalls, ...rest} = profile;
  return {
    ...rest,
    architectures: architectures ?? architecturesOf(archMap ?? [], target.architecture),
    syscalls: (syscalls ?? []).filter(rule => applies(rule, target)).map(toFilterRule),
  };
}

function architecturesOf(archMap: NonNullable<SeccompProfile['archMap']>, architecture: string): string[] {
  const native = nativeArchitecture[architecture];
  const entry = archMap.find(each => each.architecture === native);
  return entry ? [entry.architecture, ...(entry.subArchitectures ?? [])] : [];
}

function applies({includes = {}, excludes = {}}: ProfileRule, target: SeccompTarget): boolean {
  const {capabilities, architecture, kernelVersion} = target;
  if (excludes.arches?.includes(architecture)) return false;
  if (excludes.caps?.some(name => capabilities.includes(name))) return false;
  if (excludes.minKernel && kernelAtLeast(kernelVersion, excludes.minKernel)) return false;
  if (includes.arches?.length && !includes.arches.includes(architecture)) return false;
  if (includes.caps?.some(name => !capabilities.includes(name))) return false;
  return !includes.minKernel || kernelAtLeast(kernelVersion, includes.minKernel);
}

/** Old profiles give one `name` instead of `names`. */
function toFilterRule({name, names, action, errnoRet, args}: ProfileRule): LinuxSyscall {
  if (name !== undefined && names?.length) {
    throw new EngineError('invalid-argument', "use either 'name' or 'names' in a rule of the seccomp profile");
  }
  return {
    names: names ?? (name === undefined ? [] : [name]),
    action,
    ...(errnoRet === undefined ? {} : {errnoRet}),
    ...(args?.length ? {args} : {}),
  };
}

function kernelAtLeast(version: string, minimum: string): boolean {
  const [a, b] = [version, minimum].map(text => text.split(/[.-]/).map(part => Number.parseInt(part, 10) || 0));
  const [major = 0, minor = 0] = a ?? [];
  const [wantedMajor = 0, wantedMinor = 0] = b ?? [];
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
