/** Brings a file of version 1 or 2 to the names of version 3. */
import {EngineError} from '@longshore/errdefs';
import type {Table} from './check.ts';
import {plugins as knownPlugins} from './schema.ts';

/** Plugins that have another name since 2.0. */
const renamed: {readonly [id: string]: string} = {
  'io.containerd.monitor.v1.cgroups': 'io.containerd.monitor.task.v1.cgroups',
  'io.containerd.internal.v1.restart': 'io.containerd.monitor.container.v1.restart',
};

/** Types whose plugins a bare name in `disabled_plugins` or `required_plugins` of version 1 may mean. */
const shortTypes = ['grpc.v1', 'service.v1', 'snapshotter.v1', 'content.v1', 'differ.v1', 'runtime.v2', 'gc.v1'];

/** Undefined for a key that no plugin has, so that the check of the file can name it as it was written. */
export function fullPluginName(key: string): string | undefined {
  if (key.includes('.')) return undefined;
  return Object.keys(knownPlugins).find(id => id.endsWith(`.v1.${key}`) || id.endsWith(`.v2.${key}`));
}

/** Of a checked file. */
export function migrate(table: Table): Table {
  const migrated = {...table};
  if (table.plugins) migrated.plugins = migratePlugins(table.plugins as {[id: string]: Table});
  for (const list of ['disabled_plugins', 'required_plugins']) {
    if (table[list]) migrated[list] = (table[list] as string[]).flatMap(fullNames);
  }
  return migrated;
}

function migratePlugins(given: {[id: string]: Table}): {[id: string]: Table} {
  const plugins: {[id: string]: Table} = {};
  for (const [key, own] of Object.entries(given)) {
    const id = fullPluginName(key) ?? key;
    const target = renamed[id] ?? id;
    plugins[target] = {...plugins[target], ...own};
  }
  const {sched_core: schedCore, ...task} = plugins['io.containerd.runtime.v2.task'] ?? {};
  if (schedCore === undefined) return plugins;
  plugins['io.containerd.runtime.v2.task'] = task;
  if (schedCore === true) {
    const manager = plugins['io.containerd.shim.v1.manager'];
    const env = [...((manager?.env as string[] | undefined) ?? []), 'SCHED_CORE=1'];
    plugins['io.containerd.shim.v1.manager'] = {...manager, env};
  }
  return plugins;
}

function fullNames(name: string): string[] {
  return name.includes('.') ? [renamed[name] ?? name] : shortTypes.map(type => `io.containerd.${type}.${name}`);
}

/** An imported file cannot be of a newer version than the one that imports it. Throws invalid-argument. */
export function checkImportVersion(main: Table, imported: Table, path: string): void {
  const [outer, inner] = [main.version ?? 1, imported.version ?? 1] as [number, number];
  if (inner <= outer) return;
  throw new EngineError('invalid-argument', `${path}: version ${inner} in a file imported by one of version ${outer}`);
}
