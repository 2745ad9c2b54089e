/** CLI plugins (`docker compose`, `docker buildx`): executables named docker-NAME in a few known directories. */
import {spawn} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {constants as systemConstants} from 'node:os';
import {join} from 'node:path';
import type {Cli} from '../cli.ts';

const systemDirectories = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
];

/** Path of the plugin's executable, when one is installed. */
export function findPlugin(cli: Cli, name: string): string | undefined {
  if (!/^[a-z][a-z0-9]*$/.test(name)) return undefined;
  return pluginDirectories(cli)
    .map(directory => join(directory, `docker-${name}`))
    .find(isExecutable);
}

/** Where plugins are looked for, the most particular first. */
export function pluginDirectories(cli: Cli): string[] {
  const extra = cli.config.cliPluginsExtraDirs ?? [];
  return [...extra, join(cli.configDirectory, 'cli-plugins'), ...systemDirectories];
}

/** Runs the plugin in our place: same terminal, same arguments; resolves with its exit code. */
export function runPlugin(path: string, words: string[]): Promise<number> {
  const argv = process.argv.slice(2);
  const child = spawn(path, argv.length > 0 ? argv : words, {
    stdio: 'inherit',
    env: {...process.env, DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: process.argv[0] ?? 'docker'},
  });
  // The terminal sends these to the whole process group; the plugin decides what they mean.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? systemConstants.signals[signal] : 0)));
  });
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
