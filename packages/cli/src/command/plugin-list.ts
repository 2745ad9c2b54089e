/** The CLI plugins that are installed, as they describe themselves. */
import {execFile} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Cli} from '../cli.ts';
import {isExecutable, pluginDirectories} from './plugins.ts';

export interface PluginMetadata {
  SchemaVersion?: string;
  Vendor?: string;
  Version?: string;
  ShortDescription?: string;
  Name: string;
  Path: string;
}

/** A plugin that does not answer in this time is left out. */
const answerTimeoutMs = 2000;

/** Sorted by name; the first directory with a name wins. */
export async function listPlugins(cli: Cli): Promise<PluginMetadata[]> {
  const paths = new Map<string, string>();
  for (const directory of pluginDirectories(cli)) {
    for (const file of filesOf(directory)) {
      const name = /^docker-([a-z][a-z0-9]*)$/.exec(file)?.[1];
      const path = join(directory, file);
      if (name && !paths.has(name) && isExecutable(path)) paths.set(name, path);
    }
  }
  const found = await Promise.all([...paths].map(([name, path]) => describe(name, path)));
  return found.filter(plugin => plugin !== undefined).sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // most of the directories do not exist
  }
}

function describe(name: string, path: string): Promise<PluginMetadata | undefined> {
  return new Promise(resolve => {
    execFile(path, ['docker-cli-plugin-metadata'], {timeout: answerTimeoutMs}, (error, output) => {
      try {
        resolve(error ? undefined : {...(JSON.parse(output) as Partial<PluginMetadata>), Name: name, Path: path});
      } catch {
        resolve(undefined); // something else by the name of a plugin
      }
    });
  });
}
