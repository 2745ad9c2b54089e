/** A volume, and the rules for its name and options. */
import {EngineError} from '@longshore/errdefs';

export interface Volume {
  name: string;
  /** Always `local`: the only driver. */
  driver: string;
  /** Host directory of its data. */
  mountpoint: string;
  createdAt: Date;
  labels: Record<string, string> | null;
  options: Record<string, string> | null;
  /** What to mount on the directory while the volume is used; undefined for a plain directory. */
  mount: VolumeMount | undefined;
}

/** From the options `type`, `device` and `o`. */
export interface VolumeMount {
  type: string;
  device: string;
  options: string;
}

/** Marks volumes that got their name from the daemon: `rm -v` and prune may remove them. */
export const anonymousLabel = 'com.docker.volume.anonymous';

/** File systems that the kernel mounts without talking to another machine: mounting must not wait. */
const networkTypes = /^(nfs4?|cifs|smb3?|ceph|9p|afs|glusterfs|fuse(\..*)?)$/;
const optionNames = ['type', 'device', 'o', 'size'];

/** Throws `invalid-argument` with Docker's words. */
export function checkVolumeName(name: string): void {
  if (name.length < 2) {
    throw new EngineError(
      'invalid-argument',
      `create ${name}: volume name is too short, names should be at least two alphanumeric characters`,
    );
  }
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return;
  throw new EngineError(
    'invalid-argument',
    `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only ` +
      '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  );
}

export function checkVolumeDriver(name: string, driver: string): void {
  if (driver === '' || driver === 'local') return;
  throw new EngineError(
    'not-found',
    `create ${name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`,
  );
}

/** Reads the options of the local driver. Throws `invalid-argument`, or `unimplemented` for what is not supported. */
export function readVolumeOptions(name: string, options: Record<string, string> | null): VolumeMount | undefined {
  const given = Object.keys(options ?? {});
  if (!options || given.length === 0) return undefined;
  const invalid = (what: string) => new EngineError('invalid-argument', `create ${name}: ${what}`);
  const unknown = given.find(option => !optionNames.includes(option));
  if (unknown !== undefined) throw invalid(`invalid option: ${JSON.stringify(unknown)}`);
  if (options.size)
    throw new EngineError('unimplemented', `create ${name}: quotas (option "size") are not implemented`);
  for (const required of ['device', 'type']) {
    if (!options[required]) throw invalid(`missing required option: ${JSON.stringify(required)}`);
  }
  const {type = '', device = '', o = ''} = options;
  if (networkTypes.test(type)) {
    throw new EngineError(
      'unimplemented',
      `create ${name}: volumes of type ${JSON.stringify(type)} are not implemented`,
    );
  }
  return {type, device, options: o};
}

export function isAnonymous(volume: Volume): boolean {
  return volume.labels !== null && Object.hasOwn(volume.labels, anonymousLabel);
}
