/** What one member of a tar archive says about a file. */

export type TarEntryType = 'file' | 'link' | 'symlink' | 'directory' | 'character' | 'block' | 'fifo';

export interface TarEntry {
  type: TarEntryType;
  /** Path as it stands in the archive: any bytes but NUL, perhaps absolute or with `..`. */
  name: Buffer;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of the file with its holes; 0 for everything but files. */
  size: number;
  /** Nanoseconds since 1970. */
  mtime: bigint;
  /** Target of a link: a path in the archive for `link`, free text for `symlink`; empty otherwise. */
  linkName: Buffer;
  devMajor: number;
  devMinor: number;
  /** Extended attributes by their full names (`security.capability`). */
  xattrs: ReadonlyMap<string, Buffer>;
}

/** Makes an entry from what matters; owner root, mode by type, time 0, no attributes. */
export function tarEntry(type: TarEntryType, name: string | Buffer, parts: Partial<TarEntry> = {}): TarEntry {
  return {
    type,
    name: typeof name === 'string' ? Buffer.from(name) : name,
    mode: type === 'directory' ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 0n,
    linkName: Buffer.alloc(0),
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    ...parts,
  };
}
