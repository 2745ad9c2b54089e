/**
 * `npm test`: layers, lint, types, unit tests and build of every package (by nx, from its cache where nothing changed),
 * then the e2e suites against the executables, and an administrator's machine in a guest where there can be one. Ends with what failed, and one line that counts all tests.
 *
 * A test that failed is run once more: on a machine that did something else at that moment, a second failure is worth
 * more than a first. What passes only then is not hidden: it is listed as unsteady at the end.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {join, resolve} from 'node:path';
import {env, exit, stderr, stdout} from 'node:process';
import {StringDecoder} from 'node:string_decoder';
import {stripVTControlCharacters} from 'node:util';
import {filesOf, type Report, reader} from './test-report.ts';

const root = resolve(import.meta.dirname, '..');
const nx = ['run-many', '-t', 'lint', 'typecheck', 'test', 'build', '--output-style=stream', '--nxBail=false'];
const e2e = ['--config', 'e2e/ava.config.js'];
/** The short form of one suite; `npm run test:vm` has all of them. */
const guests = ['--config', 'e2e/vm/ava.config.js', 'e2e/vm/system.test.ts'];

interface Step {
  readonly command: string;
  readonly args: readonly string[];
  /** The command that runs again what failed, or nothing if that cannot change the outcome. */
  readonly again?: (report: Report) => string[] | undefined;
}

const steps: Step[] = [
  {command: 'node', args: ['tools/check-layers.ts']},
  {command: 'biome', args: ['check', '--error-on-warnings', 'tools', 'e2e']},
  // What passed is in nx's cache by then: the same command runs only what failed.
  {command: 'nx', args: nx, again: () => nx},
  {command: 'tsc', args: ['--noEmit', '-p', 'tsconfig.json']},
  {command: 'ava', args: e2e, again: report => again(e2e, filesOf(report.failures, root))},
  {command: 'ava', args: guests, again: () => guests},
];

const sum = {passed: 0, failed: 0, skipped: 0};
const unsteady: string[] = [];
const broken: string[] = [];
for (const step of steps) await take(step);
for (const line of unsteady) console.log(`unsteady: ${line} (failed at first, passed when run again)`);
for (const line of broken) console.log(`failed: ${line}`);
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);
exit(sum.failed === 0 && sum.passed > 0 ? 0 : 1);

function again(args: readonly string[], files: readonly string[]): string[] | undefined {
  return files.length > 0 ? [...args, ...files] : undefined;
}

/** Runs a step, a second time if it failed and that can be of use, and adds what came out of it to the sums. */
async function take(step: Step): Promise<void> {
  let {code, report} = await run(step.command, step.args);
  const second = code === 0 ? undefined : step.again?.(report);
  if (second) {
    const first = report;
    ({code, report} = await run(step.command, second));
    if (code === 0) {
      unsteady.push(...first.failures);
      // AVA ran only the files that had not passed; nx repeats the counts of the others from its cache.
      if (second.length !== step.args.length)
        report = {...first, failed: 0, passed: first.passed + first.failed, failures: []};
    }
  }
  sum.passed += report.passed;
  sum.skipped += report.skipped;
  if (code === 0) return;
  sum.failed += Math.max(report.failed, 1);
  const name = `${step.command} ${step.args[0]}`;
  broken.push(...(report.failures.length > 0 ? report.failures : [`${name} ended with exit code ${code}: see above`]));
}

async function run(command: string, args: readonly string[]): Promise<{code: number; report: Report}> {
  console.log(`\n=== ${command} ${args.join(' ')}`);
  const child = spawn(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its daemon would outlive the tests.
    env: {...env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', DO_NOT_TRACK: '1', FORCE_COLOR: env.CI ? '0' : '1'},
  });
  const {report, line} = reader();
  pass(child, 'stdout', stdout, line);
  pass(child, 'stderr', stderr, line);
  const code = await new Promise<number>((done, fail) => child.on('error', fail).on('close', code => done(code ?? 1)));
  return {code, report};
}

/** Shows the output as it comes, and gives each line without colours to `take`. */
function pass(child: ChildProcess, name: 'stdout' | 'stderr', to: NodeJS.WriteStream, take: (line: string) => void) {
  const decoder = new StringDecoder();
  let rest = '';
  child[name]?.on('data', (chunk: Buffer) => {
    to.write(chunk);
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(stripVTControlCharacters(line));
  });
}
