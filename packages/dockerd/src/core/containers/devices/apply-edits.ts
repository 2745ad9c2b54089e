/** Puts the edits of CDI devices into an OCI configuration. */
import type {Hook, Hooks, LinuxDevice, LinuxDeviceCgroup, Mount, Spec} from '@longshore/api/oci';
import {overrideEnvironment} from '../spec/environment.ts';
import type {CdiDeviceNode, CdiEdits} from './cdi-spec.ts';

/** Looks up a device of the host; its path inside and its numbers. Throws when it is none. */
export type HostDeviceLookup = (hostPath: string, path: string) => LinuxDevice;

/** Pure but for the lookup; the same edits give the same configuration. */
export function applyEdits(spec: Spec, edits: readonly CdiEdits[], lookUp: HostDeviceLookup): Spec {
  return edits.reduce((result, each) => applyOne(result, each, lookUp), spec);
}

function applyOne(spec: Spec, edits: CdiEdits, lookUp: HostDeviceLookup): Spec {
  const nodes = (edits.deviceNodes ?? []).map(node => ({node, device: deviceOf(spec, node, lookUp)}));
  const devices = nodes.map(({device}) => device);
  const rules = nodes.filter(({device}) => device.type === 'b' || device.type === 'c').map(ruleOf);
  const paths = new Set(devices.map(({path}) => path));
  const {linux = {}, process} = spec;
  const others = (linux.devices ?? []).filter(({path}) => !paths.has(path));
  return {
    ...spec,
    ...(process
      ? {process: {...process, ...withEnvironment(process.env ?? [], edits), user: userOf(process, edits)}}
      : {}),
    mounts: mountsOf(spec.mounts ?? [], edits),
    ...hooksOf(spec.hooks, edits),
    linux: {
      ...linux,
      ...(devices.length > 0 ? {devices: [...others, ...devices]} : {}),
      ...(rules.length > 0
        ? {resources: {...linux.resources, devices: [...(linux.resources?.devices ?? []), ...rules]}}
        : {}),
      ...(edits.intelRdt ? {intelRdt: edits.intelRdt} : {}),
    },
  };
}

function withEnvironment(env: string[], {env: added = []}: CdiEdits): {env: string[]} {
  return {env: overrideEnvironment(env, added)};
}

function userOf({user}: NonNullable<Spec['process']>, {additionalGids = []}: CdiEdits) {
  const gids = additionalGids.filter(gid => gid !== 0);
  return gids.length === 0 ? user : {...user, additionalGids: [...new Set([...(user.additionalGids ?? []), ...gids])]};
}

/** What the specification leaves out is taken from the host; the owner is the container's user then. */
function deviceOf({process}: Spec, node: CdiDeviceNode, lookUp: HostDeviceLookup): LinuxDevice {
  const isComplete = node.type && (node.type === 'p' || node.major);
  const found = isComplete ? undefined : lookUp(node.hostPath || node.path, node.path);
  const uid = node.uid ?? (process?.user.uid || undefined);
  const gid = node.gid ?? (process?.user.gid || undefined);
  const mode = node.fileMode ?? found?.fileMode;
  return {
    path: node.path,
    type: (node.type || found?.type) as LinuxDevice['type'],
    ...(node.type === 'p' ? {} : {major: node.major || found?.major || 0, minor: node.minor ?? found?.minor ?? 0}),
    ...(mode === undefined ? {} : {fileMode: mode}),
    ...(uid === undefined ? {} : {uid}),
    ...(gid === undefined ? {} : {gid}),
  };
}

function ruleOf({node, device}: {node: CdiDeviceNode; device: LinuxDevice}): LinuxDeviceCgroup {
  const {type, major = 0, minor = 0} = device;
  return {allow: true, type: type as 'b' | 'c', major, minor, access: node.permissions || 'rwm'};
}

/** A mount replaces one at the same place; those above come first. */
function mountsOf(mounts: Mount[], {mounts: added = []}: CdiEdits): Mount[] {
  if (added.length === 0) return mounts;
  const own = added.map(({hostPath, containerPath, options, type}) => ({
    destination: containerPath,
    source: hostPath,
    type: type || 'bind',
    options: options ?? ['rbind'],
  }));
  const replaced = new Set(own.map(({destination}) => destination));
  return [...mounts.filter(({destination}) => !replaced.has(destination)), ...own].sort(
    (a, b) => depthOf(a) - depthOf(b),
  );
}

function depthOf({destination}: Mount): number {
  return destination.split('/').filter(Boolean).length;
}

function hooksOf(hooks: Hooks | undefined, {hooks: added = []}: CdiEdits): {hooks?: Hooks} {
  if (added.length === 0) return {};
  const result: Record<string, Hook[]> = {...hooks};
  for (const {hookName, path, args, env, timeout} of added) {
    const hook = {path, ...(args ? {args} : {}), ...(env ? {env} : {}), ...(timeout ? {timeout} : {})};
    result[hookName] = [...(result[hookName] ?? []), hook];
  }
  return {hooks: result as Hooks};
}
