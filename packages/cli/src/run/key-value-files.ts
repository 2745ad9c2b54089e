/** `--env-file` and `--label-file`: `KEY=VALUE` lines; `#` begins a comment line. */
import {readFileSync} from 'node:fs';

/**
 * Reads such a file. A line without `=` becomes `KEY=` plus what `inherited` knows of it, and is left out when that is
 * nothing. Throws an Error with Docker's text.
 */
export function readKeyValueFile(
  path: string,
  what: 'env' | 'label',
  inherited: (key: string) => string | undefined,
): string[] {
  const text = read(path, what);
  const lines: string[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const line = (i === 0 ? raw.replace(/^\uFEFF/, '') : raw).trimStart().replace(/\r$/, '');
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    const key = at < 0 ? line.trimEnd() : line.slice(0, at);
    if (/\s/.test(key)) throw invalid(path, what, `variable '${key}' contains whitespaces`);
    if (key === '') throw invalid(path, what, `no variable name on line '${line}'`);
    if (at >= 0) lines.push(line);
    else {
      const value = inherited(key);
      if (value !== undefined) lines.push(`${key}=${value}`);
    }
  }
  return lines;
}

function read(path: string, what: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error(`open ${path}: no such file or directory`);
    if (code === 'EISDIR') throw invalid(path, what, `read ${path}: is a directory`);
    if (code === 'EACCES') throw new Error(`open ${path}: permission denied`);
    throw error;
  }
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    throw invalid(path, what, 'invalid utf8 bytes');
  }
}

function invalid(path: string, what: string, reason: string): Error {
  return new Error(`invalid ${what} file (${path}): ${reason}`);
}
