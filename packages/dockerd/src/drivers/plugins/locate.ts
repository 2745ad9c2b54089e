/** Where a plugin is: a socket of its name, or a file that tells its address. */
import {readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {EngineError, messageOf} from '@longshore/errdefs';

export interface PluginAddress {
  /** Path of a unix socket, or undefined. */
  socketPath?: string;
  /** Base URL: its scheme says whether it is encrypted; for a unix socket only its form counts. */
  url: string;
  tls?: {insecure: boolean; ca: string; cert: string; key: string};
}

/** The original's directories; sockets first. */
export interface PluginDirectories {
  sockets: string;
  specs: readonly string[];
}

export const pluginDirectories: PluginDirectories = {
  sockets: '/run/docker/plugins',
  specs: ['/etc/docker/plugins', '/usr/lib/docker/plugins'],
};

/** Throws `not-found`, or `invalid-argument` for a file that makes no sense. */
export async function locatePlugin(name: string, {sockets, specs}: PluginDirectories): Promise<PluginAddress> {
  for (const path of [join(sockets, `${name}.sock`), join(sockets, name, `${name}.sock`)]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isSocket()) return unixAddress(path);
  }
  for (const directory of specs.flatMap(each => [each, join(each, name)])) {
    for (const [extension, parse] of [
      ['spec', parseSpec],
      ['json', parseJson],
    ] as const) {
      const path = join(directory, `${name}.${extension}`);
      const content = await readFile(path, 'utf8').catch(() => undefined);
      if (content !== undefined) return parse(content.trim(), path);
    }
  }
  throw new EngineError('not-found', `plugin ${JSON.stringify(name)} not found`);
}

function unixAddress(socketPath: string): PluginAddress {
  return {socketPath, url: 'http://plugin'};
}

function parseSpec(content: string, path: string): PluginAddress {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.+)$/.exec(content) ?? [];
  if (scheme === 'unix') return unixAddress(rest);
  if (scheme === 'tcp' || scheme === 'http') return {url: `http://${rest}`};
  if (scheme === 'https') return {url: `https://${rest}`};
  throw new EngineError('invalid-argument', `invalid address of a plugin in ${path}: ${JSON.stringify(content)}`);
}

function parseJson(content: string, path: string): PluginAddress {
  let document: {Addr?: unknown; TLSConfig?: Record<string, unknown> | null};
  try {
    document = JSON.parse(content);
  } catch (error) {
    throw new EngineError('invalid-argument', `${path}: ${messageOf(error)}`, {cause: error});
  }
  const address = parseSpec(String(document.Addr ?? ''), path);
  const given = document.TLSConfig;
  if (!given || address.socketPath) return address;
  const text = (key: string) => (typeof given[key] === 'string' ? given[key] : '');
  const tls = {
    insecure: given.InsecureSkipVerify === true,
    ca: text('CAFile'),
    cert: text('CertFile'),
    key: text('KeyFile'),
  };
  return {url: address.url.replace(/^http:/, 'https:'), tls};
}
