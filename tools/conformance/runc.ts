/**
 * runc's own test suite (bats) against one or several runtimes in turn, in namespaces and cgroups of their own:
 *
 *     node tools/conformance/runc.ts --source DIR [--runtime NAME='COMMAND LINE']… [FILE.bats…]
 *
 * DIR is runc's source, as `apt-get source runc` unpacks it. Without --runtime it compares Debian's runc with
 * dist/bin/runc-wrapper. The first runtime is the control: what passes there and fails elsewhere makes the exit code 1.
 * Needs root, bats, Go with runc's dependencies in /usr/share/gocode, gcc and jq.
 */
import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {runSuite, type TestResult} from './runc-run.ts';
import {prepareSuite} from './runc-suite.ts';

const root = resolve(import.meta.dirname, '../..');
const {values, positionals: files} = parseArgs({
  allowPositionals: true,
  options: {
    source: {type: 'string', default: process.env.RUNC_SOURCE},
    runtime: {type: 'string', multiple: true},
    filter: {type: 'string', short: 'f'},
    out: {type: 'string', default: join(root, 'dist/conformance')},
  },
});
if (values.source === undefined) {
  console.error("where is runc's source? --source DIR, or RUNC_SOURCE (apt-get source runc)");
  process.exit(2);
}

const runtimes = (values.runtime ?? ['runc=/usr/sbin/runc', `ours=${join(root, 'dist/bin/runc-wrapper')}`]).map(parse);
const work = mkdtempSync('/tmp/rc-');
chmodSync(work, 0o711); // containers with user namespaces have their root below it
const results = new Map<string, Map<string, TestResult>>();
try {
  const suite = prepareSuite(resolve(values.source), work);
  mkdirSync(values.out, {recursive: true});
  for (const {name, command} of runtimes) {
    const wanted = files.map(file => basename(file));
    const {tests, log} = await runSuite(suite, {name, command, files: wanted, filter: values.filter});
    writeFileSync(join(values.out, `runc-suite-${name}.tap`), log);
    results.set(name, tests);
    console.log(`${name}: ${summary(tests)}`);
  }
} finally {
  rmSync(work, {recursive: true, force: true});
}
process.exit(report() ? 0 : 1);

function parse(text: string): {name: string; command: string} {
  const at = text.indexOf('=');
  return at < 0 ? {name: basename(text), command: text} : {name: text.slice(0, at), command: text.slice(at + 1)};
}

function summary(tests: Map<string, TestResult>): string {
  const count = (result: TestResult) => [...tests.values()].filter(other => other === result).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

/** Prints what differs from the control; false if something passes there only. */
function report(): boolean {
  const [[, control], ...others] = [...results] as [
    [string, Map<string, TestResult>],
    ...[string, Map<string, TestResult>][],
  ];
  let good = true;
  for (const [name, tests] of others) {
    for (const [test, result] of control) {
      const other = tests.get(test) ?? 'missing';
      if (other === result) continue;
      console.log(`${name}: ${other}, control: ${result}: ${test}`);
      if (result === 'passed') good = false;
    }
  }
  return good;
}
