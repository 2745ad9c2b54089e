/** The files of a bundle that the shim writes, and reads again in its `delete` action. */
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {unmountAll} from '@longshore/linux';

/** Where runc keeps its state when the options do not say: what containerd's shim uses. */
export const defaultRuntimeRoot = '/run/containerd/runc';

/** The names of containerd.runc.v1.Options in options.json, which containerd's own shim writes too. */
const optionNames: Record<keyof Options, string> = {
  noPivotRoot: 'no_pivot_root',
  noNewKeyring: 'no_new_keyring',
  shimCgroup: 'shim_cgroup',
  ioUid: 'io_uid',
  ioGid: 'io_gid',
  binaryName: 'binary_name',
  root: 'root',
  systemdCgroup: 'systemd_cgroup',
  criuPath: 'criu_path',
  criuImagePath: 'criu_image_path',
  criuWorkPath: 'criu_work_path',
  taskApiAddress: 'task_api_address',
  taskApiVersion: 'task_api_version',
};

/** Zero values are left out, as Go does. */
export function optionsToJson(options: Options): string {
  const json: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(optionNames)) {
    const value = options[field as keyof Options];
    if (value) json[name] = value;
  }
  return JSON.stringify(json);
}

export function optionsFromJson(text: string): Options {
  const json = JSON.parse(text) as Record<string, unknown>;
  const options: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(optionNames)) if (name in json) options[field] = json[name];
  return Options.fromPartial(options);
}

/** Writes options.json and runtime. They are on tmpfs and read only after the shim's death: no fsync. */
export function writeRuntimeFiles(bundle: string, options: Options): void {
  writeFileSync(join(bundle, 'options.json'), optionsToJson(options), {mode: 0o600});
  writeFileSync(join(bundle, 'runtime'), options.binaryName, {mode: 0o600});
}

/** What writeRuntimeFiles wrote; defaults for what a killed shim did not get to. */
export function readRuntimeFiles(bundle: string): Options {
  const json = readIfExists(join(bundle, 'options.json'));
  const options = json ? optionsFromJson(json) : Options.fromPartial({});
  return {...options, binaryName: options.binaryName || (readIfExists(join(bundle, 'runtime'))?.trim() ?? '')};
}

/** runc's --root: one directory per namespace. */
export function runtimeRoot(options: Options, namespace: string): string {
  return join(options.root || defaultRuntimeRoot, namespace);
}

export function pidFile(bundle: string, execId = ''): string {
  return join(bundle, execId === '' ? 'init.pid' : `${execId}.pid`);
}

/** Undefined when the file is not there or holds no pid. */
export function readPidFile(path: string): number | undefined {
  const pid = Number.parseInt(readIfExists(path) ?? '', 10);
  return pid > 0 ? pid : undefined;
}

export function removePidFile(path: string): void {
  rmSync(path, {force: true});
}

/** Makes sure that there is something to mount on. */
export function makeRootfs(bundle: string): string {
  const path = join(bundle, 'rootfs');
  mkdirSync(path, {recursive: true, mode: 0o711});
  return path;
}

/** Takes away every mount on the bundle's rootfs; none at all is fine. */
export function unmountRootfs(bundle: string): void {
  unmountAll(join(bundle, 'rootfs'));
}

export function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
