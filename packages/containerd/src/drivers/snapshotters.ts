/** The snapshotters of this machine, by name. One that cannot work here is reported, not fatal. */
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import type {Config} from '../config/config.ts';
import {type SnapshotHooks, type Snapshotter, skipped} from '../core/snapshots/snapshotter.ts';
import {openBtrfs} from './btrfs/open-btrfs.ts';
import type {Database} from './metadata-db/database.ts';
import {openNative} from './native/open-native.ts';
import {openOverlay} from './overlay/open-overlay.ts';
import {openProxySnapshotter} from './proxy/open-proxies.ts';

export interface Snapshotters {
  readonly loaded: readonly Snapshotter[];
  /** What they tell clients about themselves, by plugin. */
  readonly exports: {readonly [plugin: string]: {readonly [name: string]: string}};
  /** Why the others are not loaded, by plugin. */
  readonly problems: {readonly [plugin: string]: string};
  /** Throws invalid-argument for a name that is none. */
  find(name: string): Snapshotter;
}

export interface SnapshotterParts {
  database: Database;
  hooks: SnapshotHooks;
  log: Logger;
}

const pluginType = 'io.containerd.snapshotter.v1';

export async function openSnapshotters(config: Config, parts: SnapshotterParts): Promise<Snapshotters> {
  const {overlayfs, native, btrfs} = config;
  const openers: {readonly [name: string]: {root: string; open: (root: string) => Promise<Snapshotter>}} = {
    overlayfs: {
      root: overlayfs.root,
      open: root => openOverlay({...parts, ...overlayfs, root}),
    },
    native: {root: native.root, open: root => openNative({...parts, root})},
    btrfs: {root: btrfs.root, open: root => openBtrfs({...parts, root})},
  };
  const loaded = new Map<string, Snapshotter>();
  const exports: Record<string, {root: string}> = {};
  const problems: Record<string, string> = {};
  for (const [name, {root: own, open}] of Object.entries(openers)) {
    const plugin = `${pluginType}.${name}`;
    if (config.disabledPlugins.includes(plugin)) continue;
    const root = own || join(config.root, plugin);
    try {
      loaded.set(name, await open(root));
      exports[plugin] = {root};
    } catch (error) {
      problems[plugin] = messageOf(error);
      // Most machines have no btrfs, and lack nothing.
      if (messageOf(error).startsWith(skipped)) parts.log.debug({plugin, error}, 'snapshotter is not for this machine');
      else parts.log.warn({plugin, error}, 'snapshotter is not available');
    }
  }
  for (const proxy of config.proxies) {
    if (proxy.kind === 'snapshot') loaded.set(proxy.name, openProxySnapshotter(proxy, parts));
  }
  return {loaded: [...loaded.values()], exports, problems, find: name => find(loaded, name)};
}

function find(loaded: ReadonlyMap<string, Snapshotter>, name: string): Snapshotter {
  const snapshotter = loaded.get(name);
  if (snapshotter) return snapshotter;
  const problem = name === '' ? 'snapshotter argument missing' : `snapshotter not loaded: ${name}`;
  throw new EngineError('invalid-argument', `${problem}: invalid argument`);
}
