/** Mounts of snapshots that show a container's ids to its user namespace, and keep the container's own on the disk. */
import {mkdirSync, mkdtempSync, rmdirSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, relative} from 'node:path';
import {EngineError} from '@longshore/errdefs';
import {MNT_DETACH, umount} from './mount.ts';
import {type MountSpec, mountOverlay, parseMountOptions} from './mount-all.ts';
import {bindShifted} from './mount-idmapped.ts';
import {splitOverlayOptions} from './mount-overlay.ts';

const layerOptions = ['lowerdir+', 'upperdir', 'workdir'];

/**
 * Mounts the bind or overlay that a snapshot is at `target`, with the ids of an open user namespace: all directories of
 * an overlay are seen through one shifted copy of the directory above them, which is there only until this returns.
 * What is written gets the namespace's own ids on the disk. Overlays need Linux 5.19.
 */
export function mountShifted(mounts: readonly MountSpec[], target: string, namespace: number): void {
  const [spec] = mounts;
  if (!spec || mounts.length !== 1 || spec.target) {
    throw new EngineError('unimplemented', 'only a single mount can have shifted owners');
  }
  const isReadOnly = spec.options.includes('ro');
  if (spec.type === 'overlay') mountShiftedOverlay(spec, target, namespace);
  else if (spec.type === 'bind') bindShifted(spec.source, target, namespace, isReadOnly);
  else throw new EngineError('unimplemented', `mounts of type ${spec.type} cannot have shifted owners`);
}

function mountShiftedOverlay(spec: MountSpec, target: string, namespace: number): void {
  const {flags, data} = parseMountOptions(spec.options);
  const options = splitOverlayOptions(data);
  const layers = options.filter(([key]) => layerOptions.includes(key));
  const parent = commonParent(layers.map(([, value = '']) => plain(value)));
  withShiftedCopy(parent, namespace, copy => {
    const moved = (value: string) => join(copy, relative(parent, plain(value)));
    const lowers = options.flatMap(([key, value = '']) => (key === 'lowerdir+' ? [moved(value)] : []));
    const others = options.flatMap(([key, value]) => {
      if (key === 'lowerdir+') return [];
      if (value === undefined) return [key];
      return [`${key}=${layerOptions.includes(key) ? moved(value) : value}`];
    });
    mountOverlay(spec.source, target, flags, [...others, `lowerdir=${lowers.join(':')}`].join(','));
  });
}

/** Colons of a path are escaped in overlay's options. */
function plain(value: string): string {
  return value.replace(/\\(.)/gs, '$1');
}

function commonParent(paths: readonly string[]): string {
  let parent = dirname(paths[0] ?? '/');
  while (!paths.every(path => path.startsWith(parent === '/' ? '/' : `${parent}/`))) parent = dirname(parent);
  return parent;
}

function withShiftedCopy(directory: string, namespace: number, use: (copy: string) => void): void {
  const base = mkdtempSync(join(tmpdir(), 'ls-shift-'));
  const copy = join(base, 'layers');
  try {
    mkdirSync(copy);
    bindShifted(directory, copy, namespace, false, false);
    try {
      use(copy);
    } finally {
      umount(copy, MNT_DETACH);
    }
  } finally {
    rmdirSync(copy);
    rmdirSync(base);
  }
}
