/**
 * Binds that let a container see the daemon's own directory. If its mounts were copied into the container for good, a
 * root filesystem could not be removed while that container lives: these binds follow what the host unmounts.
 */
import {EngineError} from '@longshore/errdefs';
import type {ParsedMount} from './parse-bind.ts';

/**
 * The mount with the propagation `rslave` where the request has none and the source is in, or around, `root`. Throws
 * `invalid-argument` for a propagation that would keep the mounts.
 */
export function protectDaemonRoot(mount: ParsedMount, root: string): ParsedMount {
  const source = mount.source.replace(/\/+$/, '');
  if (mount.type !== 'bind' || !(isWithin(source, root) || isWithin(root, source))) return mount;
  const asked = mount.spec.BindOptions?.Propagation ?? '';
  if (asked === '') return {...mount, propagation: 'rslave'};
  if (asked === 'rslave' || asked === 'rshared') return mount;
  const what = `daemon root: ${quote(root)}, bind mount source: ${quote(mount.source)}, propagation: ${quote(asked)}`;
  throw new EngineError(
    'invalid-argument',
    `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, ${what}`,
  );
}

function isWithin(path: string, directory: string): boolean {
  return `${path}/`.startsWith(`${directory}/`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
