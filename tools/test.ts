/**
 * `npm test`: layers, lint, types, unit tests and build of every package (by nx, from its cache where nothing changed),
 * then the e2e suites against the executables. Ends with one line that counts all tests.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {join, resolve} from 'node:path';
import {env, exit, stderr, stdout} from 'node:process';
import {StringDecoder} from 'node:string_decoder';
import {stripVTControlCharacters} from 'node:util';

const root = resolve(import.meta.dirname, '..');
const counts = {passed: 0, failed: 0, skipped: 0};
const countLine = /^\s*(\d+) (?:uncaught exceptions?|unhandled rejections?|tests? (passed|failed|skipped))\s*$/;

const steps: [string, string[]][] = [
  ['node', ['tools/check-layers.ts']],
  ['biome', ['check', '--error-on-warnings', 'tools', 'e2e']],
  ['nx', ['run-many', '-t', 'lint', 'typecheck', 'test', 'build', '--output-style=stream', '--nxBail=false']],
  ['tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['ava', ['--config', 'e2e/ava.config.js']],
];

let failedSteps = 0;
for (const [command, args] of steps) {
  console.log(`\n=== ${command} ${args.join(' ')}`);
  if ((await run(command, args)) !== 0) failedSteps++;
}
const failed = Math.max(counts.failed, failedSteps);
console.log(`\n${counts.passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
exit(failed === 0 && counts.passed > 0 ? 0 : 1);

async function run(command: string, args: string[]): Promise<number> {
  const child = spawn(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its daemon would outlive the tests.
    env: {...env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', DO_NOT_TRACK: '1', FORCE_COLOR: env.CI ? '0' : '1'},
  });
  pass(child, 'stdout', stdout);
  pass(child, 'stderr', stderr);
  return await new Promise((done, fail) => child.on('error', fail).on('close', code => done(code ?? 1)));
}

/** Shows the output as it comes and counts what AVA reports at the end of each suite. */
function pass(child: ChildProcess, name: 'stdout' | 'stderr', to: NodeJS.WriteStream): void {
  const decoder = new StringDecoder();
  let rest = '';
  child[name]?.on('data', (chunk: Buffer) => {
    to.write(chunk);
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) count(stripVTControlCharacters(line).replace(/^@?[\w/-]+:/, ''));
  });
}

function count(line: string): void {
  const match = countLine.exec(line);
  if (!match) return;
  const kind = (match[2] ?? 'failed') as keyof typeof counts;
  counts[kind] += Number(match[1]);
}
