/** `docker cp` in its two directions. */
import {lstat, realpath, stat} from 'node:fs/promises';
import {dirname, isAbsolute, join, posix, resolve} from 'node:path';
import {humanSize, write} from '@longshore/term';
import type {Cli} from '../cli.ts';
import {CliError} from '../command/errors.ts';
import {archivePath, readArchive, statPath} from './container-files.ts';
import {packPath} from './pack.ts';
import {baseName, type PathInfo, planCopy} from './paths.ts';
import {unpack} from './unpack.ts';

export interface CopyOptions {
  followLink: boolean;
  /** Owners go along. */
  keepOwner: boolean;
  quiet: boolean;
}

/** From a container to a local path, or as an archive to standard output. */
export async function copyFrom(
  cli: Cli,
  container: string,
  source: string,
  target: string,
  options: CopyOptions,
): Promise<void> {
  let path = posix.isAbsolute(source) ? source : `/${source}`;
  let rename: string | undefined;
  if (options.followLink) {
    const {linkTarget} = await statPath(cli.client, container, path);
    if (linkTarget) {
      rename = baseName(path);
      path = posix.isAbsolute(linkTarget) ? linkTarget : posix.join(posix.dirname(path), linkTarget);
    }
  }
  const {info, response} = await readArchive(cli.client, container, path);
  if (target === '-') {
    for await (const chunk of response.body) await write(cli.stdout, chunk);
    return;
  }
  const local = await localTarget(target);
  const plan = planCopy(info, local);
  if (!(await isDirectory(plan.directory)))
    throw new CliError(`invalid output path: directory "${resolve(plan.directory)}" does not exist`);
  const size = await unpack(response.body, plan.directory, {
    rename: plan.rename ?? rename,
    keepOwner: options.keepOwner,
  });
  report(cli, options, size, target);
}

/** From a local path, or an archive on standard input, into a container. */
export async function copyTo(
  cli: Cli,
  source: string,
  container: string,
  target: string,
  options: CopyOptions,
): Promise<void> {
  const destination = await resolveTarget(cli, container, target);
  const query = {noOverwriteDirNonDir: 'true', copyUIDGID: options.keepOwner ? 'true' : undefined};
  if (source === '-') {
    if (!destination.isDirectory) throw new CliError(`destination "${container}:${target}" must be a directory`);
    await put(cli, container, {...query, path: destination.path}, cli.stdin);
    return;
  }
  const path = options.followLink ? await realpath(source).catch(() => source) : source;
  const info = await lstat(path).catch(() => {
    throw new CliError(`lstat ${absolute(source)}: no such file or directory`);
  });
  const plan = planCopy({isDirectory: info.isDirectory()}, destination);
  // `dir/.` is the content of a directory without its name.
  const name = plan.rename ?? (/(^|\/)\.$/.test(source) ? '.' : baseName(resolve(source)));
  let size = 0;
  const counted = async function* () {
    for await (const chunk of packPath(path, name)) {
      size += chunk.length;
      yield chunk;
    }
  };
  await put(cli, container, {...query, path: plan.directory}, counted());
  report(cli, options, size, `${container}:${target}`);
}

async function put(
  cli: Cli,
  container: string,
  query: Record<string, string | undefined>,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const response = await cli.client.request('PUT', archivePath(container), {
    query,
    body,
    contentType: 'application/x-tar',
  });
  await response.text();
}

/** The target in the container, with a symbolic link followed to where it leads. */
async function resolveTarget(cli: Cli, container: string, target: string): Promise<PathInfo> {
  const path = posix.isAbsolute(target) ? target : `/${target}`;
  const info = await statPath(cli.client, container, path);
  if (!info.linkTarget) return info;
  const linked = posix.isAbsolute(info.linkTarget) ? info.linkTarget : posix.join(posix.dirname(path), info.linkTarget);
  const found = await statPath(cli.client, container, linked);
  return {...found, path: linked};
}

async function localTarget(path: string): Promise<PathInfo> {
  const info = await stat(path).catch(() => undefined);
  return {path, exists: info !== undefined, isDirectory: info?.isDirectory() ?? false};
}

async function isDirectory(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info?.isDirectory() ?? false;
}

function absolute(path: string): string {
  return isAbsolute(path) ? path : join(dirname(resolve(path)), baseName(path));
}

/** Only people at a terminal want to know. */
function report(cli: Cli, {quiet}: CopyOptions, size: number, target: string): void {
  if (!quiet && cli.stderr.isTTY) cli.warn(`Successfully copied ${humanSize(size, 3)} to ${target}`);
}
