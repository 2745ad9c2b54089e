/** `<root>/<id>/state.json` as runc 1.0 to 1.3 write it; keys that are not needed here are left alone. */
import type {Hook} from '@longshore/api/oci';
import type {ContainerRecord} from './record.ts';

interface RuncHook {
  path: string;
  args?: string[] | null;
  env?: string[] | null;
  /** Nanoseconds: Go's time.Duration. */
  timeout?: number | null;
}

export interface RuncStateFile {
  id: string;
  init_process_pid: number;
  init_process_start: number;
  created: string;
  rootless?: boolean;
  cgroup_paths?: Record<string, string> | null;
  intel_rdt_path?: string;
  config: {
    rootfs: string;
    version?: string;
    labels?: string[] | null;
    namespaces?: Array<{type: string; path: string}> | null;
    /** The flag is `Systemd` up to runc 1.1. */
    cgroups?: {systemd?: boolean; Systemd?: boolean} | null;
    /** Absent when the bundle has no hooks; keys by their names in config.json. */
    Hooks?: Record<string, RuncHook[] | null> | null;
  };
}

/** Makes a record of the parsed file. Poststart hooks are not in it: runc runs them within `create`. */
export function parseRuncState(file: RuncStateFile, directory: string): ContainerRecord {
  const {bundle, annotations} = parseLabels(file.config.labels ?? []);
  return {
    format: 'runc',
    id: file.id,
    directory,
    ociVersion: file.config.version ?? '',
    bundle,
    rootfs: file.config.rootfs,
    created: file.created,
    annotations,
    pid: file.init_process_pid,
    startTime: file.init_process_start,
    cgroupPaths: file.cgroup_paths ?? {},
    systemdCgroup: (file.config.cgroups?.systemd ?? file.config.cgroups?.Systemd) === true,
    ownPidNamespace: (file.config.namespaces ?? []).some(n => n.type === 'NEWPID' && n.path === ''),
    rootless: file.rootless === true,
    poststartHooks: [],
    poststopHooks: (file.config.Hooks?.poststop ?? []).map(toHook),
    intelRdtPath: file.intel_rdt_path ?? '',
  };
}

/** Labels are `key=value`; the key `bundle` is runc's own, the others are the annotations of the bundle. */
function parseLabels(labels: readonly string[]): {bundle: string; annotations: Record<string, string>} {
  const annotations: Record<string, string> = {};
  let bundle = '';
  for (const label of labels) {
    const at = label.indexOf('=');
    if (at < 0) continue;
    const key = label.slice(0, at);
    if (key === 'bundle') bundle = label.slice(at + 1);
    else annotations[key] = label.slice(at + 1);
  }
  return {bundle, annotations};
}

function toHook(hook: RuncHook): Hook {
  const result: Hook = {path: hook.path};
  if (hook.args) result.args = hook.args;
  if (hook.env) result.env = hook.env;
  if (hook.timeout) result.timeout = hook.timeout / 1e9;
  return result;
}
