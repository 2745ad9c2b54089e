/** Mount types with prefixes: `format/mkdir/overlay` is an overlay that has to be transformed first. */
import {EngineError} from '@longshore/errdefs';
import {quote} from '../names.ts';
import type {Mount} from '../snapshots/snapshotter.ts';

export type Transform = 'format' | 'mkdir' | 'mkfs';

/** The type of what is no mount, but a device for those after it. */
export const loopType = 'loop';

export interface MountType {
  readonly transforms: ReadonlySet<Transform>;
  /** As the kernel knows it. */
  readonly type: string;
}

/** Throws unimplemented for an unknown transformation. */
export function parseMountType(text: string): MountType {
  const parts = text.split('/');
  const type = parts.pop() as string;
  const transforms = new Set<Transform>();
  for (const part of parts) {
    if (part !== 'format' && part !== 'mkdir' && part !== 'mkfs') {
      const reason = `there is no transformation ${quote(part)}: not implemented`;
      throw new EngineError('unimplemented', `mount type ${quote(text)}: ${reason}`);
    }
    transforms.add(part);
  }
  if (type === '') throw new EngineError('invalid-argument', 'mount type must not be empty: invalid argument');
  return {transforms, type};
}

export interface WantedDirectory {
  path: string;
  mode: number;
  owner: {uid: number; gid: number} | undefined;
}

const optionPrefix = 'X-containerd.mkdir.';
const pathPrefix = `${optionPrefix}path=`;
const form = /^(\/[^:]*)(?::([0-7]{1,4})(?::(\d+):(\d+))?)?$/;

/** Takes `X-containerd.mkdir.path=PATH[:MODE[:UID:GID]]` out of the options. Throws invalid-argument. */
export function takeDirectories(mount: Mount): {mount: Mount; directories: WantedDirectory[]} {
  const directories = mount.options.filter(option => option.startsWith(optionPrefix)).map(wantedDirectory);
  return {mount: {...mount, options: mount.options.filter(option => !option.startsWith(optionPrefix))}, directories};
}

function wantedDirectory(option: string): WantedDirectory {
  const match = option.startsWith(pathPrefix) ? form.exec(option.slice(pathPrefix.length)) : null;
  if (!match) {
    throw new EngineError('invalid-argument', `invalid mkdir mount option ${quote(option)}: invalid argument`);
  }
  const [, path = '', mode = '700', uid, gid] = match;
  const owner = uid === undefined ? undefined : {uid: Number(uid), gid: Number(gid)};
  return {path, mode: Number.parseInt(mode, 8), owner};
}
