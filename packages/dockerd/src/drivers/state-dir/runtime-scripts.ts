/** A runtime with arguments is called through a script: the shim takes a program, not a command line. */
import {chmod, mkdir, readdir, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {writeFileAtomic} from '@longshore/base';
import type {RuntimeConfig} from '../../config/kinds.ts';

/** Writes `<data-root>/runtimes/NAME` for each runtime that needs one; returns the programs to call, by name. */
export async function writeRuntimeScripts(
  dataRoot: string,
  runtimes: Readonly<Record<string, RuntimeConfig>>,
): Promise<Map<string, string>> {
  const directory = join(dataRoot, 'runtimes');
  await mkdir(directory, {recursive: true, mode: 0o700});
  const programs = new Map<string, string>();
  const kept = new Set<string>();
  for (const [name, {path, runtimeArgs}] of Object.entries(runtimes)) {
    if (runtimeArgs.length === 0) {
      programs.set(name, path);
      continue;
    }
    const file = encodeURIComponent(name);
    const script = join(directory, file);
    await writeFileAtomic(script, scriptOf(path, runtimeArgs), {mode: 0o700});
    await chmod(script, 0o700);
    programs.set(name, script);
    kept.add(file);
  }
  for (const file of await readdir(directory)) if (!kept.has(file)) await rm(join(directory, file), {force: true});
  return programs;
}

function scriptOf(path: string, args: readonly string[]): string {
  return `#!/bin/sh\nexec ${[path, ...args].map(quote).join(' ')} "$@"\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
