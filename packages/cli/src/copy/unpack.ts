/** Unpacks an archive that came from a container. The container wrote it, so nothing in it is trusted. */
import {chmod, lchown, link, lstat, lutimes, mkdir, open, rm, symlink} from 'node:fs/promises';
import {join} from 'node:path';
import {readTar, type TarEntry, type TarMember} from '@longshore/oci';

export interface UnpackOptions {
  /** What the topmost name in the archive becomes; undefined keeps it. */
  rename: string | undefined;
  /** Gives files their owner, not only their mode. */
  keepOwner: boolean;
}

/** Resolves with the bytes of the files written. Throws when a member would land outside `directory`. */
export async function unpack(
  source: AsyncIterable<Uint8Array>,
  directory: string,
  options: UnpackOptions,
): Promise<number> {
  let total = 0;
  const times: {path: string; entry: TarEntry}[] = [];
  for await (const member of readTar(source)) {
    const name = targetName(member.entry.name.toString(), options.rename);
    const path = join(directory, name);
    await checkParents(directory, name);
    total += await write(member, path, directory, options);
    if (member.entry.type === 'directory') times.push({path, entry: member.entry});
  }
  // Writing into a directory changes its times, so they come last, the innermost first.
  for (const {path, entry} of times.reverse()) await setTimes(path, entry);
  return total;
}

/** The member's path below the target. Throws for one that leaves it. */
function targetName(name: string, rename: string | undefined): string {
  const parts = name.split('/').filter((part, i) => part !== '' && (part !== '.' || i === 0));
  if (parts.includes('..')) throw new Error(`"${name}" in the archive is outside of the destination`);
  // Members of an archive of the root begin with a slash: the root itself is what gets the name.
  if (rename !== undefined) parts.splice(0, name.startsWith('/') ? 0 : 1, rename);
  return parts.filter(part => part !== '.').join('/');
}

/** A directory on the way that is a link could lead anywhere. */
async function checkParents(directory: string, name: string): Promise<void> {
  const parts = name.split('/').slice(0, -1);
  let path = directory;
  for (const part of parts) {
    path = join(path, part);
    const info = await lstat(path).catch(() => undefined);
    if (info?.isSymbolicLink()) throw new Error(`"${name}" in the archive goes through the symbolic link "${path}"`);
    if (!info) await mkdir(path, {mode: 0o755});
  }
}

async function write(
  {entry, body}: TarMember,
  path: string,
  directory: string,
  options: UnpackOptions,
): Promise<number> {
  const existing = await lstat(path).catch(() => undefined);
  if (entry.type === 'directory') {
    if (existing && !existing.isDirectory())
      throw new Error(`cannot overwrite non-directory "${path}" with directory "${directory}"`);
    if (!existing) await mkdir(path, {mode: entry.mode});
    await setOwnerAndMode(path, entry, options);
    return 0;
  }
  if (existing?.isDirectory())
    throw new Error(`cannot overwrite directory "${path}" with non-directory "${directory}"`);
  if (existing) await rm(path);
  if (entry.type === 'file') await writeFile(path, entry, body);
  else if (entry.type === 'symlink') await symlink(entry.linkName, path);
  else if (entry.type === 'link') await writeLink(entry, path, directory, options);
  else throw new Error(`cannot create the ${entry.type} "${path}"`);
  await setOwnerAndMode(path, entry, options);
  await setTimes(path, entry);
  return entry.type === 'file' ? entry.size : 0;
}

async function writeFile(path: string, entry: TarEntry, body: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'wx', entry.mode & 0o777);
  for await (const chunk of body) await file.writeFile(chunk);
}

async function writeLink(entry: TarEntry, path: string, directory: string, {rename}: UnpackOptions): Promise<void> {
  const target = targetName(entry.linkName.toString(), rename);
  await checkParents(directory, target);
  const info = await lstat(join(directory, target));
  if (info.isSymbolicLink())
    throw new Error(`"${entry.name}" in the archive is a link to the symbolic link "${target}"`);
  await link(join(directory, target), path);
}

async function setOwnerAndMode(path: string, entry: TarEntry, {keepOwner}: UnpackOptions): Promise<void> {
  if (keepOwner) await lchown(path, entry.uid, entry.gid);
  if (entry.type !== 'symlink' && entry.type !== 'link') await chmod(path, entry.mode);
}

async function setTimes(path: string, {mtime}: TarEntry): Promise<void> {
  const seconds = Number(mtime) / 1e9;
  await lutimes(path, seconds, seconds);
}
