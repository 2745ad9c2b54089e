/** Networking by CNI plugins: the first configuration of /etc/cni/net.d, its plugins run in a chain (CNI 1.0). */
import {spawn} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {EngineError} from '@longshore/errdefs';

/** In the record of a container whose network was set up: it has to be released with its task. */
export const cniExtension = 'io.containerd.ctr.cni-metadata';

const configDirectory = '/etc/cni/net.d';
const pluginDirectory = '/opt/cni/bin';

type PluginConfig = Record<string, unknown> & {type: string};

export interface CniNetwork {
  name: string;
  cniVersion: string;
  plugins: PluginConfig[];
}

export interface CniDirectories {
  config?: string;
  plugins?: string;
}

/** Loads the configuration. Throws `failed-precondition` when there is none, or a plugin that it names is missing. */
export async function loadCni({
  config = configDirectory,
  plugins = pluginDirectory,
}: CniDirectories = {}): Promise<CniNetwork> {
  const files = existsSync(config) ? readdirSync(config).filter(name => /\.(conflist|conf|json)$/.test(name)) : [];
  const [file] = files.sort();
  if (!file) {
    throw new EngineError('failed-precondition', `cni config load failed: no network config found in ${config}`);
  }
  const network = parseNetwork(join(config, file), await readFile(join(config, file), 'utf8'));
  for (const {type} of network.plugins) {
    if (existsSync(join(plugins, type))) continue;
    throw new EngineError('failed-precondition', `cni plugin "${type}" of ${file} is not in ${plugins}`);
  }
  return network;
}

/** A list of plugins (conflist), or one plugin (conf). */
export function parseNetwork(file: string, text: string): CniNetwork {
  const fail = (why: string) => new EngineError('invalid-argument', `invalid cni config ${file}: ${why}`);
  let json: Partial<CniNetwork> & Partial<PluginConfig>;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail((error as Error).message);
  }
  const {name, cniVersion = '0.2.0'} = json;
  const list = json.plugins ?? (typeof json.type === 'string' ? [json as PluginConfig] : []);
  if (typeof name !== 'string' || list.length === 0 || list.some(plugin => typeof plugin.type !== 'string'))
    throw fail('it needs a name and at least one plugin with a type');
  return {name, cniVersion, plugins: list};
}

export interface CniTarget {
  containerId: string;
  /** Path of the network namespace; empty when it is gone already and only addresses have to be given back. */
  netns: string;
  directories?: CniDirectories;
}

/** Runs every plugin's ADD; when one fails, those before it are undone. Resolves with the last one's result. */
export async function addToNetwork(network: CniNetwork, target: CniTarget): Promise<unknown> {
  let result: unknown;
  for (const [index, plugin] of network.plugins.entries()) {
    try {
      result = await runPlugin('ADD', network, plugin, target, result);
    } catch (error) {
      const begun = {...network, plugins: network.plugins.slice(0, index + 1)};
      await removeFromNetwork(begun, target).catch(() => {});
      throw error;
    }
  }
  return result;
}

/** Runs every plugin's DEL, the last one first, whatever the others say. A plugin forgives what is gone already. */
export async function removeFromNetwork(network: CniNetwork, target: CniTarget): Promise<void> {
  const errors: unknown[] = [];
  for (const plugin of network.plugins.toReversed())
    await runPlugin('DEL', network, plugin, target, undefined).catch(error => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

async function runPlugin(
  command: 'ADD' | 'DEL',
  {name, cniVersion}: CniNetwork,
  plugin: PluginConfig,
  {containerId, netns, directories}: CniTarget,
  prevResult: unknown,
): Promise<unknown> {
  const path = directories?.plugins ?? pluginDirectory;
  const env = {
    ...process.env,
    ...{CNI_COMMAND: command, CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: 'eth0', CNI_PATH: path},
  };
  const input = JSON.stringify({...plugin, name, cniVersion, ...(prevResult === undefined ? {} : {prevResult})});
  const {exitCode, output} = await runWithInput(join(path, plugin.type), env, input);
  if (exitCode === 0) return output.trim() === '' ? undefined : JSON.parse(output);
  const text = `cni plugin "${plugin.type}" failed (${command.toLowerCase()}): ${errorMessage(output, exitCode)}`;
  throw new EngineError('failed-precondition', text);
}

/** Plugins tell their errors as JSON on standard output. */
function errorMessage(output: string, exitCode: number): string {
  try {
    const {msg, details} = JSON.parse(output) as {msg?: string; details?: string};
    return [msg, details].filter(Boolean).join('; ') || `exit code ${exitCode}`;
  } catch {
    return output.trim() || `exit code ${exitCode}`;
  }
}

function runWithInput(
  path: string,
  env: NodeJS.ProcessEnv,
  input: string,
): Promise<{exitCode: number; output: string}> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, [], {env, stdio: ['pipe', 'pipe', 'inherit']});
    let output = '';
    child.stdout.on('data', chunk => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', code => resolve({exitCode: code ?? 255, output}));
    child.stdin.on('error', () => {}); // one that ends without reading is judged by its exit code
    child.stdin.end(input);
  });
}
