/** A local file or directory as a tar archive. */
import {createReadStream, type Stats} from 'node:fs';
import {lstat, readdir, readlink} from 'node:fs/promises';
import {join} from 'node:path';
import {type TarEntryType, type TarSource, tarEntry, writeTar} from '@longshore/oci';

/** `name` is what the topmost member is called; its owner goes along. */
export function packPath(path: string, name: string): AsyncGenerator<Uint8Array> {
  return writeTar(members(path, name, new Map()));
}

/** `links`: device and inode of files with several names, to the name that was packed first. */
async function* members(path: string, name: string, links: Map<string, string>): AsyncGenerator<TarSource> {
  const info = await lstat(path, {bigint: false});
  const source = await member(path, name, info, links);
  if (source) yield source;
  if (!info.isDirectory()) return;
  for (const child of (await readdir(path)).sort()) yield* members(join(path, child), `${name}/${child}`, links);
}

async function member(
  path: string,
  name: string,
  info: Stats,
  links: Map<string, string>,
): Promise<TarSource | undefined> {
  const type = typeOf(info);
  if (!type) return undefined; // a socket is nothing an archive can hold
  const owner = {
    mode: info.mode & 0o7777,
    uid: info.uid,
    gid: info.gid,
    mtime: BigInt(Math.trunc(info.mtimeMs)) * 1_000_000n,
  };
  if (type === 'directory') return {entry: tarEntry(type, `${name}/`, owner)};
  if (type === 'symlink') {
    return {entry: tarEntry(type, name, {...owner, linkName: await readlink(path, {encoding: 'buffer'})})};
  }
  const key = `${info.dev}:${info.ino}`;
  const first = info.nlink > 1 ? links.get(key) : undefined;
  if (first !== undefined) return {entry: tarEntry('link', name, {...owner, linkName: Buffer.from(first)})};
  if (info.nlink > 1) links.set(key, name);
  if (type !== 'file') {
    const device = Number(info.rdev);
    return {
      entry: tarEntry(type, name, {
        ...owner,
        devMajor: (device >> 8) & 0xfff,
        devMinor: (device & 0xff) | ((device >> 12) & 0xfff00),
      }),
    };
  }
  // A file that grows meanwhile is cut where it was; one that shrinks is an error.
  const body = info.size > 0 ? createReadStream(path, {end: info.size - 1, highWaterMark: 256 * 1024}) : [];
  return {entry: tarEntry('file', name, {...owner, size: info.size}), body};
}

function typeOf(info: Stats): TarEntryType | undefined {
  if (info.isFile()) return 'file';
  if (info.isDirectory()) return 'directory';
  if (info.isSymbolicLink()) return 'symlink';
  if (info.isCharacterDevice()) return 'character';
  if (info.isBlockDevice()) return 'block';
  return info.isFIFO() ? 'fifo' : undefined;
}
