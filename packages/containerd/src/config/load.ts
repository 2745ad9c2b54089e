/** Layers of configuration: defaults, the file, what it imports, flags. */
import {globSync, readFileSync} from 'node:fs';
import {dirname, isAbsolute, join} from 'node:path';
import {EngineError, messageOf} from '@longshore/errdefs';
import {parse} from 'smol-toml';
import {checkConfig, type Table} from './check.ts';
import {defaults} from './config.ts';
import {checkImportVersion, migrate} from './migrate.ts';

export const defaultConfigPath = '/etc/containerd/config.toml';

/** What flags may set; absent means not given. */
export interface Overrides {
  root?: string;
  state?: string;
  address?: string;
  logLevel?: string;
  logFormat?: string;
}

export interface Located {
  path: string;
  /** A file that the user named must exist; the default one need not. */
  required: boolean;
}

/** The whole configuration as a table of version 3. Throws invalid-argument with file and line, not-found. */
export function loadConfigTable(file: Located, overrides: Overrides = {}): Table {
  const [main = {}, ...imported] = readLayers(file);
  const table = imported.reduce(mergeImport, merge(defaults, main));
  const flags: Table = {
    ...(overrides.root !== undefined && {root: overrides.root}),
    ...(overrides.state !== undefined && {state: overrides.state}),
    ...(overrides.address !== undefined && {grpc: {address: overrides.address}}),
    debug: {
      ...(overrides.logLevel !== undefined && {level: overrides.logLevel}),
      ...(overrides.logFormat !== undefined && {format: overrides.logFormat}),
    },
  };
  checkConfig({file: 'command line', text: ''}, flags);
  return {...merge(table, flags), version: 3};
}

/** The file and what it imports, lowest layer first, all in the names of version 3. An imported file may import further ones, but none twice. */
function readLayers(file: Located): Table[] {
  const seen = new Set<string>();
  const read = (path: string, required: boolean, importer?: Table): Table[] => {
    if (seen.has(path)) return [];
    seen.add(path);
    const table = readFile(path, required);
    if (!table) return [];
    if (importer) checkImportVersion(importer, table, path);
    const {imports = [], ...own} = migrate(table) as Table & {imports?: string[]};
    const patterns = imports.map(pattern => (isAbsolute(pattern) ? pattern : join(dirname(path), pattern)));
    const imported = patterns.flatMap(pattern => globSync(pattern).sort());
    return [{...own, imports}, ...imported.flatMap(next => read(next, true, table))];
  };
  return read(file.path, file.required);
}

function readFile(path: string, required: boolean): Table | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required) return undefined;
    throw new EngineError('not-found', `failed to load TOML: ${path}: ${messageOf(error)}`, {cause: error});
  }
  const table = parseToml(path, text);
  checkConfig({file: path, text}, table);
  return table;
}

function parseToml(path: string, text: string): Table {
  try {
    return parse(text) as Table;
  } catch (error) {
    throw new EngineError('invalid-argument', `failed to load TOML: ${path}: ${messageOf(error)}`, {cause: error});
  }
}

/** Names of plugins add up over the files; every other list is replaced. */
function mergeImport(lower: Table, upper: Table): Table {
  const merged = merge(lower, upper);
  for (const list of ['imports', 'disabled_plugins', 'required_plugins']) {
    const both = [...((lower[list] ?? []) as string[]), ...((upper[list] ?? []) as string[])];
    merged[list] = [...new Set(both)];
  }
  return merged;
}

/** Tables are merged, lists of the lower layer are replaced; a later file says the last word on every key. */
function merge(lower: Table, upper: Table): Table {
  const merged: Table = {...lower};
  for (const [key, value] of Object.entries(upper)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? merge(below, value) : value;
  }
  return merged;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
