/** Real daemons for tests: containerd (the original and ours) and Debian's registry, each with directories of its own. */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {callContext} from '@longshore/base';
import {type ContainerdClient, openClient} from '../index.ts';

export const originalContainerd = '/usr/bin/containerd';
export const originalRegistry = '/usr/bin/docker-registry';

export interface Daemon extends AsyncDisposable {
  readonly directory: string;
}

export interface ContainerdDaemon extends Daemon {
  readonly client: ContainerdClient;
}

/** `ours` runs from the sources. In a mount namespace of its own: what it mounts goes with it. */
export async function startContainerd(
  kind: 'original' | 'ours',
  {settings = ''}: {settings?: string} = {},
): Promise<ContainerdDaemon> {
  const directory = mkdtempSync(join(tmpdir(), 'ls-ctd-'));
  const address = join(directory, 'c.sock');
  const config = join(directory, 'config.toml');
  writeFileSync(config, kind === 'original' ? originalConfig(directory, address) : `version = 3\n${settings}`);
  const flags = ['--root', join(directory, 'root'), '--state', join(directory, 'state'), '--address', address];
  const program = kind === 'original' ? [originalContainerd] : [process.execPath, sourceOfContainerd()];
  const child = spawn('unshare', ['-m', '--propagation', 'private', ...program, '--config', config, ...flags], {
    stdio: 'ignore',
  });
  const client = openClient({address});
  await until(child, async () => {
    await client.version.version(callContext(), {});
  });
  return {directory, client, [Symbol.asyncDispose]: () => stop(child, directory, client)};
}

function sourceOfContainerd(): string {
  return join(import.meta.dirname, '../../../containerd/src/main.ts');
}

function originalConfig(directory: string, address: string): string {
  const off = [
    'grpc.v1.cri',
    'snapshotter.v1.devmapper',
    'snapshotter.v1.zfs',
    'snapshotter.v1.btrfs',
    'snapshotter.v1.aufs',
  ];
  return [
    'version = 2',
    `root = "${directory}/root"`,
    `state = "${directory}/state"`,
    `disabled_plugins = [${off.map(name => `"io.containerd.${name}"`).join(', ')}]`,
    `[grpc]\naddress = "${address}"`,
    `[ttrpc]\naddress = "${address}.ttrpc"`,
  ].join('\n');
}

export interface RegistryDaemon extends Daemon {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

export interface RegistryOptions {
  /** Names of files in PEM. */
  tls?: {certificate: string; key: string};
  /** `Basic` by a file of bcrypt hashes, or bearer tokens; as the registry's own configuration names it. */
  auth?: object;
}

export async function startRegistry({tls, auth}: RegistryOptions = {}): Promise<RegistryDaemon> {
  const directory = mkdtempSync(join(tmpdir(), 'ls-reg-'));
  const host = `127.0.0.1:${await freePort()}`;
  mkdirSync(join(directory, 'data'));
  const config = [
    'version: 0.1',
    'log: {level: error}',
    `storage: {filesystem: {rootdirectory: ${directory}/data}}`,
    `http: ${JSON.stringify({addr: host, ...(tls && {tls})})}`,
    ...(auth ? [`auth: ${JSON.stringify(auth)}`] : []),
  ];
  writeFileSync(join(directory, 'config.yml'), config.join('\n'));
  const child = spawn(originalRegistry, ['serve', join(directory, 'config.yml')], {stdio: 'ignore'});
  await until(child, async () => {
    if (!(await isListening(host))) throw new Error(`nobody listens at ${host}`);
  });
  return {directory, host, [Symbol.asyncDispose]: () => stop(child, directory)};
}

async function until(child: ChildProcess, ready: () => Promise<void>): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      await ready();
      return;
    } catch (error) {
      if (i > 400 || child.exitCode !== null) throw error;
    }
    await delay(25);
  }
}

async function stop(child: ChildProcess, directory: string, client?: ContainerdClient): Promise<void> {
  client?.[Symbol.dispose]();
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
  }
  if (existsSync(directory)) rmSync(directory, {recursive: true, force: true, maxRetries: 5});
}

async function isListening(host: string): Promise<boolean> {
  const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
  try {
    return await once(socket, 'connect').then(
      () => true,
      () => false,
    );
  } finally {
    socket.destroy();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as {port: number};
  server.close();
  await once(server, 'close');
  return port;
}
