/** What the original engine was seen to write, where the machine has the recordings. */
import {existsSync, readFileSync} from 'node:fs';
import test from 'ava';

const directory = new URL('../../../../../shared/reference/real-outputs/', import.meta.url);

export function recording(path: string): string {
  return readFileSync(new URL(path, directory), 'utf8');
}

/** A test against recordings; skipped, and shown as such, where there are none. */
export const recordedTest = existsSync(directory) ? test : test.skip;
