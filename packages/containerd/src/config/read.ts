import type {Table} from './check.ts';
import {type Config, toConfig} from './config.ts';
import type {CommandLine} from './flags.ts';
import {defaultConfigPath, loadConfigTable} from './load.ts';

/** The whole configuration that a command line asks for. Throws invalid-argument, not-found. */
export function readConfig(line: CommandLine): Config {
  return toConfig(readTable(line));
}

export function readTable({config, overrides}: CommandLine): Table {
  return loadConfigTable({path: config ?? defaultConfigPath, required: config !== undefined}, overrides);
}
