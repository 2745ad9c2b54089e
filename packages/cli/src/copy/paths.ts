/** The two sides of `docker cp`: `CONTAINER:PATH`, a local path, or `-`. */

export interface CopySide {
  /** Undefined: the path is on this machine. */
  container: string | undefined;
  path: string;
}

/** A path with a slash or dot before the first colon, or an absolute one, is local. */
export function parseCopySide(text: string): CopySide {
  if (text.startsWith('/')) return {container: undefined, path: text};
  const at = text.indexOf(':');
  const container = text.slice(0, Math.max(0, at));
  if (at < 0 || container.startsWith('.')) return {container: undefined, path: text};
  return {container, path: text.slice(at + 1)};
}

/** What there is at a path: of a container by its stat header, or of this machine. */
export interface PathInfo {
  path: string;
  exists: boolean;
  isDirectory: boolean;
}

/** Where an archive is to be unpacked, and what its topmost name becomes there; undefined keeps it. */
export interface CopyPlan {
  directory: string;
  rename: string | undefined;
}

/** The last name of a path; `.` for `dir/.` and for the root. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('/') + 1) || '.';
}

function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const at = trimmed.lastIndexOf('/');
  return at < 0 ? '.' : trimmed.slice(0, at) || '/';
}

/**
 * A directory that is there takes the source in; anything else becomes the source under its own name. Throws an Error
 * with Docker's text where that cannot be.
 */
export function planCopy(source: {isDirectory: boolean}, target: PathInfo): CopyPlan {
  const endsLikeDirectory = /\/\.?$/.test(target.path) || target.path === '.';
  if (target.exists && target.isDirectory) return {directory: target.path, rename: undefined};
  if (target.exists && source.isDirectory) throw new Error('cannot copy directory');
  if (target.exists && endsLikeDirectory) throw new Error('not a directory');
  if (!target.exists && !source.isDirectory && endsLikeDirectory) throw new Error('no such directory');
  return {directory: parentOf(target.path), rename: baseName(target.path)};
}
