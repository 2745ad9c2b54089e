/** `[proxy_plugins]`: parts of the daemon that other processes serve. */
import {EngineError} from '@longshore/errdefs';
import type {Table} from './check.ts';

export type ProxyKind = 'snapshot' | 'content' | 'diff' | 'sandbox';

export interface ProxyConfig {
  readonly name: string;
  readonly kind: ProxyKind;
  /** Path of a unix socket. */
  readonly address: string;
  readonly exports: {readonly [name: string]: string};
  readonly capabilities: readonly string[];
  /** `os/architecture` that it is for; empty when it does not say. */
  readonly platform: string;
}

/** The type of a proxy as `ctr plugins ls` shows it. */
export const proxyPluginTypes: {readonly [Kind in ProxyKind]: string} = {
  snapshot: 'io.containerd.snapshotter.v1',
  content: 'io.containerd.content.v1',
  diff: 'io.containerd.differ.v1',
  sandbox: 'io.containerd.sandbox.controller.v1',
};

/** Plugins of ours whose names a proxy can only have when they are disabled. */
const builtIn: {readonly [Kind in ProxyKind]: readonly string[]} = {
  snapshot: ['overlayfs', 'native', 'btrfs'],
  content: ['content'],
  diff: ['walking'],
  sandbox: ['shim'],
};

/** From a checked table. Throws invalid-argument for names that are taken, and unless there is one content store. */
export function proxiesOf(table: Table, disabledPlugins: readonly string[]): ProxyConfig[] {
  const proxies = Object.entries(table as {[name: string]: Table}).map(([name, given]) => proxyOf(name, given));
  for (const {name, kind} of proxies) {
    const plugin = `${proxyPluginTypes[kind]}.${name}`;
    if (!builtIn[kind].includes(name) || disabledPlugins.includes(plugin)) continue;
    throw refusal(name, `has the name of a plugin of this daemon: put "${plugin}" into disabled_plugins to replace it`);
  }
  const stores = proxies.filter(({kind}) => kind === 'content').map(({name}) => name);
  if (!disabledPlugins.includes('io.containerd.content.v1.content')) stores.unshift('content');
  if (stores.length === 0) throw new EngineError('invalid-argument', 'no content store is left: all are disabled');
  if (stores.length > 1) {
    const reason = `there can be one content store, not ${stores.join(' and ')}: disable all but one in disabled_plugins`;
    throw new EngineError('invalid-argument', reason);
  }
  return proxies;
}

function proxyOf(name: string, given: Table): ProxyConfig {
  const {type, address, exports = {}, capabilities = [], platform = ''} = given as {[key: string]: unknown};
  return {
    name,
    kind: type as ProxyKind,
    address: (address as string).replace(/^unix:\/\//, ''),
    exports: exports as ProxyConfig['exports'],
    capabilities: capabilities as string[],
    platform: platform as string,
  };
}

function refusal(name: string, reason: string): EngineError {
  return new EngineError('invalid-argument', `proxy plugin "${name}" ${reason}`);
}
