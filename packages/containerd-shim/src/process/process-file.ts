import {closeSync, writeSync} from 'node:fs';
import {memfd} from '@longshore/linux';

export interface ProcessFile extends Disposable {
  path: string;
}

/** The OCI Process of an exec as a file that the runtime can open, and that is gone with its disposal or our death. */
export function writeProcessFile(json: Uint8Array): ProcessFile {
  const fd = memfd('runc-process');
  writeSync(fd, json, 0, json.length, 0);
  return {path: `/proc/${process.pid}/fd/${fd}`, [Symbol.dispose]: () => closeSync(fd)};
}
