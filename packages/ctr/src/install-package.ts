/** Programs and libraries of an image as files of the host: `bin/*`, and `lib/*` when asked for. */
import {createWriteStream} from 'node:fs';
import {lstat, mkdir, rename, rm, symlink} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import type {Descriptor} from '@longshore/api/oci';
import {type CallContext, randomHex} from '@longshore/base';
import {type ContainerdClient, readContent} from '@longshore/containerd-client';
import {EngineError} from '@longshore/errdefs';
import {decompressAny, readTar, type TarMember} from '@longshore/oci';

export interface InstallOptions {
  /** Gets the directories `bin` and `lib`. */
  path: string;
  libs: boolean;
  /** Files that are there already are replaced; otherwise they are an error. */
  replace: boolean;
}

/** Layers in their order: a later one's file wins over an earlier one's. */
export async function installLayers(
  ctx: CallContext,
  client: ContainerdClient,
  layers: readonly Descriptor[],
  options: InstallOptions,
): Promise<void> {
  const installed = new Set<string>();
  for (const {digest} of layers) {
    for await (const member of readTar(decompressAny(readContent(ctx, client, digest)))) {
      const name = wantedName(member, options.libs);
      if (!name) continue;
      const target = join(options.path, name);
      if (!options.replace && !installed.has(name)) await refuseExisting(target, name, options.path);
      await place(member, target);
      installed.add(name);
    }
  }
}

/** `bin/x` or `lib/x`, and nothing deeper: no name of an image leads out of the directory. */
function wantedName({entry}: TarMember, libs: boolean): string | undefined {
  const name = entry.name.toString('utf8').replace(/^(\.?\/)+/, '');
  const match = /^(bin|lib)\/([^/]+)$/.exec(name);
  if (!match || (match[1] === 'lib' && !libs) || ['.', '..'].includes(match[2] ?? '')) return undefined;
  if (match[2]?.startsWith('.wh.') || !['file', 'symlink', 'link'].includes(entry.type)) return undefined;
  return name;
}

async function refuseExisting(target: string, name: string, path: string): Promise<void> {
  const existing = await lstat(target).catch(() => undefined);
  if (existing) throw new EngineError('already-exists', `cannot replace ${name} in ${path}`);
}

/** Written beside its place and renamed: a program that runs meanwhile keeps its file. */
async function place({entry, body}: TarMember, target: string): Promise<void> {
  await mkdir(join(target, '..'), {recursive: true});
  const temporary = `${target}.${randomHex(4)}.new`;
  try {
    if (entry.type === 'file')
      await pipeline(body, createWriteStream(temporary, {mode: entry.mode & 0o777, flags: 'wx'}));
    // A hard link inside the archive is to a file that is installed beside it.
    else await symlink(entry.type === 'link' ? basename(String(entry.linkName)) : entry.linkName, temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
}
