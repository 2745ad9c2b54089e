/** `<root>/<id>/status` and the copy of config.json beside it, as crun 1.8 writes them. */
import type {Spec} from '@longshore/api/oci';
import type {ContainerRecord} from './record.ts';

export interface CrunStatusFile {
  pid: number;
  'process-start-time'?: number;
  'cgroup-path'?: string;
  rootfs?: string;
  'systemd-cgroup'?: boolean;
  bundle: string;
  created: string;
}

/**
 * Makes a record of both files. `cgroupPaths` turns crun's one path (`/a/b`) into directories of this host: crun
 * keeps no list of them.
 */
export function parseCrunState(
  id: string,
  status: CrunStatusFile,
  spec: Spec,
  directory: string,
  cgroupPaths: (path: string) => Record<string, string>,
): ContainerRecord {
  return {
    format: 'crun',
    id,
    directory,
    ociVersion: '1.0.0', // what `crun state` prints, whatever the bundle says
    bundle: status.bundle,
    rootfs: status.rootfs ?? '',
    created: status.created,
    annotations: spec.annotations ?? {},
    pid: status.pid,
    startTime: status['process-start-time'] ?? 0,
    cgroupPaths: status['cgroup-path'] ? cgroupPaths(status['cgroup-path']) : {},
    systemdCgroup: status['systemd-cgroup'] === true,
    ownPidNamespace: (spec.linux?.namespaces ?? []).some(n => n.type === 'pid' && !n.path),
    rootless: false,
    poststartHooks: spec.hooks?.poststart ?? [],
    poststopHooks: spec.hooks?.poststop ?? [],
    intelRdtPath: '',
  };
}
