/** `--security-opt`: parsed once for the spec and the record. */
import {EngineError} from '@longshore/errdefs';

export interface SecurityOptions {
  noNewPrivileges: boolean | undefined;
  /** `unconfined`, a profile's JSON text, or undefined for the daemon's default. */
  seccomp: string | undefined;
  apparmor: string | undefined;
  /** SELinux, as given behind `label=`. */
  labels: string[];
  /** No masked and read-only paths. */
  unconfinedPaths: boolean;
  writableCgroups: boolean | undefined;
}

/** Throws Docker's messages for what cannot be parsed (`invalid --security-opt 1: "bogus"`, an internal error there). */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  const result: SecurityOptions = {
    noNewPrivileges: undefined,
    seccomp: undefined,
    apparmor: undefined,
    labels: [],
    unconfinedPaths: false,
    writableCgroups: undefined,
  };
  for (const option of options) apply(result, option);
  return result;
}

function apply(result: SecurityOptions, option: string): void {
  if (option === 'no-new-privileges') {
    result.noNewPrivileges = true;
    return;
  }
  if (option === 'disable') {
    result.labels.push('disable');
    return;
  }
  // The form with a colon is from before 1.11 and still understood.
  const [, key, value = ''] = /^([a-z-]+)[=:](.*)$/s.exec(option) ?? [];
  if (key === 'no-new-privileges') result.noNewPrivileges = parseBool(key, value);
  else if (key === 'writable-cgroups') result.writableCgroups = parseBool(key, value);
  else if (key === 'seccomp') result.seccomp = value;
  else if (key === 'apparmor') result.apparmor = value;
  else if (key === 'label') result.labels.push(value);
  else if (key === 'systempaths' && value === 'unconfined') result.unconfinedPaths = true;
  else if (key === undefined) throw new EngineError('unknown', `invalid --security-opt 1: ${JSON.stringify(option)}`);
  else throw new EngineError('unknown', `invalid --security-opt 2: ${JSON.stringify(option)}`);
}

function parseBool(key: string, value: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new EngineError('unknown', `invalid --security-opt 2: ${JSON.stringify(`${key}=${value}`)}`);
}
