/** For the tests of this package only. */
import {execFile} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test, {type ExecutionContext, type Implementation} from 'ava';
import {CLONE_NEWNET, CLONE_NEWNS, makeRprivate, unshare} from './index.ts';

export function tempDir(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'ls-linux-'));
  t.teardown(() => rmSync(dir, {recursive: true, force: true}));
  return dir;
}

const isRoot = process.geteuid?.() === 0;
let isolated = false;

/**
 * A test of privileged calls. The JavaScript thread of its test file (a process of its own) first moves into new mount
 * and network namespaces, which end with it. Without root it is skipped.
 */
export function rootTest(title: string, run: Implementation<[]>): void {
  if (!isRoot) {
    test.skip(`${title} (skipped: needs root)`, run);
    return;
  }
  isolate();
  test.serial(title, run);
}

function isolate(): void {
  if (isolated) return;
  isolated = true;
  unshare(CLONE_NEWNS | CLONE_NEWNET);
  makeRprivate('/');
}

/** Node, and Bun where its package is installed: the executables run on Bun. */
export function runtimes(): {name: string; path: string}[] {
  const found = [{name: 'node', path: process.execPath}];
  const packageName = process.arch === 'arm64' ? '@oven/bun-linux-aarch64' : '@oven/bun-linux-x64';
  try {
    const bun = createRequire(import.meta.url).resolve(`${packageName}/bin/bun`);
    if (existsSync(bun)) found.push({name: 'bun', path: bun});
  } catch {
    // An optional dependency: the test then says nothing about Bun.
  }
  return found;
}

/** Runs `src/test-programs/NAME.ts` and returns what it printed as JSON. */
export async function runProgram<T>(runtime: {path: string}, name: string, ...args: string[]): Promise<T> {
  const program = fileURLToPath(new URL(`./test-programs/${name}.ts`, import.meta.url));
  const {stdout} = await promisify(execFile)(runtime.path, [program, ...args], {timeout: 50_000});
  return JSON.parse(stdout) as T;
}
