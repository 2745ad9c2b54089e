/** `--mount type=volume,src=data,dst=/data,volume-nocopy` */
import {resolve} from 'node:path';
import type {BindOptions, MountRequest, MountType, TmpfsOptions, VolumeOptions} from '@longshore/api/engine';
import {parseBinarySize} from '@longshore/term';
import {flag, splitPair} from '../command/flags.ts';
import {parseCsvLine} from './csv.ts';

export const mountFlag = flag.custom<MountRequest[]>(
  'mount',
  'Attach a filesystem mount to the container',
  (previous, text) => [...previous, parseMount(text)],
  {initial: []},
);

/** Keys that may stand without a value. */
const switches = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive']);

interface Draft {
  mount: MountRequest;
  bind: BindOptions | undefined;
  volume: VolumeOptions | undefined;
  image: {Subpath?: string} | undefined;
  tmpfs: TmpfsOptions | undefined;
}

/** Throws an Error with Docker's text. */
export function parseMount(text: string): MountRequest {
  const draft: Draft = {
    mount: {Type: 'volume'},
    bind: undefined,
    volume: undefined,
    image: undefined,
    tmpfs: undefined,
  };
  for (const field of parseCsvLine(text)) {
    const [rawKey, value] = splitPair(field);
    const key = rawKey.toLowerCase();
    if (!field.includes('=') && !switches.has(key))
      throw new Error(`invalid field '${field}' must be a key=value pair`);
    applyField(draft, key, field.includes('=') ? value : 'true', field);
  }
  return finish(draft);
}

function applyField(draft: Draft, key: string, value: string, field: string): void {
  const {mount} = draft;
  if (key.startsWith('bind-')) {
    draft.bind ??= {};
    applyBind(draft.bind, key, value, field);
  } else if (key.startsWith('volume-')) {
    draft.volume ??= {DriverConfig: {}};
    applyVolume(draft.volume, key, value, field);
  } else if (key.startsWith('tmpfs-')) {
    draft.tmpfs ??= {};
    applyTmpfs(draft.tmpfs, key, value, field);
  } else if (key === 'image-subpath') {
    draft.image = {Subpath: value};
  } else if (key === 'type') mount.Type = value.toLowerCase() as MountType;
  else if (key === 'source' || key === 'src') mount.Source = value.startsWith('.') ? resolve(value) : value;
  else if (key === 'target' || key === 'dst' || key === 'destination') mount.Target = value;
  else if (key === 'readonly' || key === 'ro') mount.ReadOnly = boolean(key, value);
  else if (key === 'consistency') mount.Consistency = value.toLowerCase();
  else throw new Error(`unexpected key '${key}' in '${field}'`);
}

function applyBind(bind: BindOptions, key: string, value: string, field: string): void {
  if (key === 'bind-propagation') bind.Propagation = value.toLowerCase() as NonNullable<BindOptions['Propagation']>;
  else if (key === 'bind-nonrecursive') bind.NonRecursive = boolean(key, value);
  else if (key === 'bind-recursive') {
    // `enabled` is what happens anyway; `readonly` fails where the kernel cannot make submounts read-only.
    if (value === 'disabled') bind.NonRecursive = true;
    else if (value === 'writable') bind.ReadOnlyNonRecursive = true;
    else if (value === 'readonly') bind.ReadOnlyForceRecursive = true;
    else if (value !== 'enabled') {
      throw new Error(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
    }
  } else throw new Error(`unexpected key '${key}' in '${field}'`);
}

function applyVolume(volume: VolumeOptions, key: string, value: string, field: string): void {
  volume.DriverConfig ??= {};
  const driver = volume.DriverConfig;
  if (key === 'volume-nocopy') volume.NoCopy = boolean(key, value);
  else if (key === 'volume-label') volume.Labels = {...volume.Labels, ...Object.fromEntries([splitPair(value)])};
  else if (key === 'volume-driver') driver.Name = value;
  else if (key === 'volume-opt') driver.Options = {...driver.Options, ...Object.fromEntries([splitPair(value)])};
  else if (key === 'volume-subpath') volume.Subpath = value;
  else throw new Error(`unexpected key '${key}' in '${field}'`);
}

function applyTmpfs(tmpfs: TmpfsOptions, key: string, value: string, field: string): void {
  if (key === 'tmpfs-size') {
    try {
      tmpfs.SizeBytes = parseBinarySize(value);
    } catch {
      throw new Error(`invalid value for ${key}: ${value}`);
    }
  } else if (key === 'tmpfs-mode') {
    if (!/^[0-7]+$/.test(value)) throw new Error(`invalid value for ${key}: ${value}`);
    tmpfs.Mode = Number.parseInt(value, 8);
  } else throw new Error(`unexpected key '${key}' in '${field}'`);
}

/** Checks that the options fit the type, and puts them in. */
function finish({mount, bind, volume, image, tmpfs}: Draft): MountRequest {
  const {Type: type = 'volume'} = mount;
  if (!mount.Target) throw new Error('target is required');
  if (volume && type !== 'volume') throw new Error(`cannot mix 'volume-*' options with mount type '${type}'`);
  if (bind && type !== 'bind') throw new Error(`cannot mix 'bind-*' options with mount type '${type}'`);
  if (image && type !== 'image') throw new Error(`cannot mix 'image-*' options with mount type '${type}'`);
  if (tmpfs && type !== 'tmpfs') throw new Error(`cannot mix 'tmpfs-*' options with mount type '${type}'`);
  if (bind) checkReadOnlyBind(bind, mount.ReadOnly ?? false);
  if (mount.ReadOnly === false) delete mount.ReadOnly;
  if (volume?.NoCopy === false) delete volume.NoCopy;
  return {
    ...mount,
    ...(bind && {BindOptions: bind}),
    ...(volume && {VolumeOptions: volume}),
    ...(image && {ImageOptions: image}),
    ...(tmpfs && {TmpfsOptions: tmpfs}),
  };
}

function checkReadOnlyBind(bind: BindOptions, isReadOnly: boolean): void {
  if (bind.ReadOnlyNonRecursive && !isReadOnly) {
    throw new Error("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
  }
  if (!bind.ReadOnlyForceRecursive) return;
  if (!isReadOnly)
    throw new Error("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
  if (bind.Propagation !== 'rprivate') {
    throw new Error(
      "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
    );
  }
}

function boolean(key: string, value: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new Error(`invalid value for ${key}: ${value}`);
}
