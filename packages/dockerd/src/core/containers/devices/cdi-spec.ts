/** Specifications of the Container Device Interface: which edits of a container a named device means. */
import {EngineError} from '@longshore/errdefs';

export interface CdiDeviceNode {
  path: string;
  hostPath?: string;
  type?: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  permissions?: string;
  uid?: number;
  gid?: number;
}

export interface CdiHook {
  hookName: string;
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export interface CdiEdits {
  env?: string[];
  deviceNodes?: CdiDeviceNode[];
  mounts?: {hostPath: string; containerPath: string; options?: string[]; type?: string}[];
  hooks?: CdiHook[];
  additionalGids?: number[];
  intelRdt?: Record<string, unknown>;
}

export interface CdiSpec {
  cdiVersion: string;
  /** `vendor.com/class`. */
  kind: string;
  devices: {name: string; containerEdits: CdiEdits}[];
  containerEdits?: CdiEdits;
}

export const hookNames = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'];
const editKeys = ['env', 'deviceNodes', 'mounts', 'hooks', 'additionalGids', 'intelRdt'];

/** Checks a document that was read from a file. Throws what is wrong with it. */
export function parseCdiSpec(document: unknown): CdiSpec {
  const spec = asObject(document, 'the specification') as unknown as CdiSpec;
  if (!/^v?\d+\.\d+\.\d+$/.test(String(spec.cdiVersion ?? ''))) throw invalid('it has no valid cdiVersion');
  const [vendor = '', kind = '', ...rest] = String(spec.kind ?? '').split('/');
  const isName = /^[A-Za-z][A-Za-z0-9_.-]*$/;
  if (rest.length > 0 || !isName.test(vendor) || !isName.test(kind)) throw invalid(`invalid kind ${spec.kind}`);
  if (!Array.isArray(spec.devices) || spec.devices.length === 0) throw invalid('it has no devices');
  const names = new Set<string>();
  for (const device of spec.devices) {
    const name = String(asObject(device, 'a device').name ?? '');
    if (!/^[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/.test(name)) throw invalid(`invalid device name ${name}`);
    if (names.has(name)) throw invalid(`device ${name} is there twice`);
    names.add(name);
    checkEdits(device.containerEdits ?? {});
  }
  checkEdits(spec.containerEdits ?? {});
  return spec;
}

function checkEdits(edits: CdiEdits): void {
  const unknown = Object.keys(asObject(edits, 'containerEdits')).find(key => !editKeys.includes(key));
  if (unknown !== undefined) throw invalid(`unknown edit ${unknown}`);
  for (const variable of edits.env ?? []) {
    if (!String(variable).includes('=')) throw invalid(`invalid environment variable ${variable}`);
  }
  for (const {path, type} of edits.deviceNodes ?? []) {
    if (!path) throw invalid('a device node without a path');
    if (type !== undefined && !['', 'b', 'c', 'u', 'p'].includes(type)) throw invalid(`device ${path}: type ${type}`);
  }
  for (const {hostPath, containerPath} of edits.mounts ?? []) {
    if (!hostPath || !containerPath) throw invalid('a mount without hostPath or containerPath');
  }
  for (const {hookName, path} of edits.hooks ?? []) {
    if (!hookNames.includes(hookName) || !path) throw invalid(`invalid hook ${hookName}`);
  }
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${what} is no object`);
  return value as Record<string, unknown>;
}

function invalid(why: string): EngineError {
  return new EngineError('invalid-argument', why);
}
