/** Which executable is the OCI runtime: never this program itself, under whatever name it was installed. */
import {accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync} from 'node:fs';
import {EngineError} from '@longshore/errdefs';

const defaultNames = ['runc', 'crun'];
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Path of the runtime. Throws not-found, or invalid-argument when `given` is this program. */
export function findRuntime(given: string | undefined, searchPath = process.env.PATH || defaultPath): string {
  if (given?.includes('/')) return checkGiven(given);
  const names = given === undefined ? defaultNames : [given];
  for (const name of names) {
    for (const directory of searchPath.split(':')) {
      const path = `${directory || '.'}/${name}`;
      if (isProgram(path) && !isSelf(path)) return path;
    }
  }
  const hint = given === undefined ? ' (install runc, or name one with --runtime-binary)' : '';
  throw new EngineError('not-found', `cannot find an OCI runtime: no ${names.join(' or ')} in PATH${hint}`);
}

function checkGiven(path: string): string {
  if (!isProgram(path)) throw new EngineError('not-found', `cannot find the OCI runtime: ${path} is no program`);
  if (isSelf(path)) throw new EngineError('invalid-argument', `the OCI runtime cannot be this program itself: ${path}`);
  return path;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // what cannot be executed is passed over, for whatever reason
  }
}

/** The same file, or a copy: installed under two names they would otherwise execute each other for ever. */
function isSelf(path: string): boolean {
  const real = realpathSync(path);
  return real === realpathSync('/proc/self/exe') || isCompiledScript(real);
}

/** Our executables carry their script in an ELF section of this name; no OCI runtime has one. */
const scriptSection = '\0.bun\0';

function isCompiledScript(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    return sectionNames(fd).includes(scriptSection);
  } finally {
    closeSync(fd);
  }
}

/** The section names of a 64-bit little-endian ELF file, each between NUL bytes; empty for any other file. */
function sectionNames(fd: number): string {
  const header = readAt(fd, 0, 64);
  if (header.length < 64 || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return '';
  const table = Number(header.readBigUInt64LE(0x28)); // e_shoff
  const entry = readAt(fd, table + header.readUInt16LE(0x3e) * header.readUInt16LE(0x3a), 64); // e_shstrndx, e_shentsize
  if (entry.length < 64) return '';
  const [offset, size] = [Number(entry.readBigUInt64LE(0x18)), Number(entry.readBigUInt64LE(0x20))];
  return readAt(fd, offset, Math.min(size, 64 * 1024)).toString('latin1');
}

function readAt(fd: number, position: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(fd, bytes, 0, size, position));
}
