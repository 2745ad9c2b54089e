/** What this daemon consists of, in the words of `ctr plugins ls`. Services are named by the plugin that they are. */
import {type ProxyConfig, proxyPluginTypes} from './config/proxies.ts';
import type {Plugin} from './core/plugins/plugins.ts';
import {skipped} from './core/snapshots/snapshotter.ts';
import {canMapIds} from './drivers/overlay/features.ts';

const linux = [{os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64'}];
const metadata = ['io.containerd.metadata.v1'];
const events = 'io.containerd.event.v1';

const service = (id: string, ...requires: string[]): Plugin => ({
  type: 'io.containerd.grpc.v1',
  id,
  requires: ['io.containerd.service.v1', ...requires],
});

export interface PluginDetails {
  /** Which plugins do not work here and why, by `type.id`. */
  problems?: {readonly [plugin: string]: string};
  /** What plugins tell clients about themselves. */
  exports?: {readonly [plugin: string]: {readonly [name: string]: string}};
}

export function listPlugins({problems = {}, exports = {}}: PluginDetails = {}): Plugin[] {
  return plugins.map(plugin => {
    const name = `${plugin.type}.${plugin.id}`;
    const message = problems[name];
    const own = exports[name];
    return {
      ...plugin,
      ...(own && {exports: own}),
      ...(message !== undefined && {
        problem: {code: message.startsWith(skipped) ? 'unimplemented' : 'failed-precondition', message},
      }),
    };
  });
}

/** What another process serves in our name. */
export function proxyPlugin({name, kind, exports, capabilities, platform}: ProxyConfig): Plugin {
  const [os = '', architecture = ''] = platform.split('/');
  const platforms = platform === '' ? [] : [{os, architecture}];
  return {type: proxyPluginTypes[kind], id: name, exports, capabilities, platforms};
}

const plugins: readonly Plugin[] = [
  {type: 'io.containerd.content.v1', id: 'content'},
  {type: events, id: 'exchange'},
  {
    type: 'io.containerd.metadata.v1',
    id: 'sqlite',
    requires: ['io.containerd.content.v1', events, 'io.containerd.snapshotter.v1'],
  },
  {
    type: 'io.containerd.snapshotter.v1',
    id: 'overlayfs',
    platforms: linux,
    capabilities: canMapIds() ? ['remap-ids', 'rebase'] : ['rebase'],
  },
  {type: 'io.containerd.snapshotter.v1', id: 'btrfs', platforms: linux},
  {type: 'io.containerd.snapshotter.v1', id: 'native', platforms: linux},
  {type: 'io.containerd.gc.v1', id: 'scheduler', requires: metadata},
  {type: 'io.containerd.differ.v1', id: 'walking', platforms: linux, requires: metadata},
  {type: 'io.containerd.lease.v1', id: 'manager', requires: metadata},
  {type: 'io.containerd.mount-manager.v1', id: 'sqlite', platforms: linux, requires: metadata},
  {type: 'io.containerd.sandbox.store.v1', id: 'local', requires: metadata},
  {type: 'io.containerd.streaming.v1', id: 'manager', requires: metadata},
  {
    type: 'io.containerd.transfer.v1',
    id: 'local',
    platforms: linux,
    requires: ['io.containerd.lease.v1', ...metadata, 'io.containerd.differ.v1'],
  },
  {type: 'io.containerd.shim.v1', id: 'manager', requires: [events, ...metadata]},
  {type: 'io.containerd.sandbox.controller.v1', id: 'shim', requires: [events, 'io.containerd.shim.v1']},
  {type: 'io.containerd.runtime.v2', id: 'task', platforms: linux, requires: ['io.containerd.shim.v1']},
  ...['containers', 'content', 'diff', 'images', 'introspection', 'namespaces', 'snapshots', 'tasks'].map(id => ({
    type: 'io.containerd.service.v1',
    id: `${id}-service`,
    requires: id === 'introspection' ? [] : metadata,
  })),
  service('containers'),
  service('content'),
  service('diff'),
  service('events', events),
  service('healthcheck'),
  service('images'),
  service('introspection'),
  service('leases', 'io.containerd.lease.v1'),
  service('mounts', 'io.containerd.mount-manager.v1'),
  service('namespaces'),
  service('sandbox-controllers', 'io.containerd.sandbox.controller.v1'),
  service('sandboxes'),
  service('snapshots'),
  {type: 'io.containerd.grpc.v1', id: 'streaming', requires: ['io.containerd.streaming.v1']},
  {
    type: 'io.containerd.grpc.v1',
    id: 'transfer',
    requires: ['io.containerd.transfer.v1', 'io.containerd.streaming.v1'],
  },
  service('tasks', 'io.containerd.runtime.v2'),
  service('version'),
  {type: 'io.containerd.ttrpc.v1', id: 'events', requires: [events]},
];
