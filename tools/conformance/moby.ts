/**
 * `node tools/conformance/moby.ts [--original] [SUITE…]`: the original's own integration tests against this engine, each
 * suite beside an engine of its own in namespaces of its own. Fails when a test fails that differences.ts does not
 * explain. `--original` runs them against Debian's engine, as a control. As root; needs Go (see docs/testing.md).
 */
import {spawnSync} from 'node:child_process';
import {mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {argv, exit} from 'node:process';
import {differences, originalDifferences} from './differences.ts';
import {judge, parseResults} from './results.ts';
import {buildSuite, cache, packageDirectory, provideImages, provideSource} from './source.ts';
import {chooseSuites, type Suite} from './suites.ts';

const isOriginal = argv.includes('--original');
const engine = isOriginal ? 'original' : 'longshore';
const executables = isOriginal ? '/usr/sbin:/usr/bin' : join(import.meta.dirname, '../../dist/bin');
const chosen = chooseSuites(argv.slice(2).filter(each => each !== '--original'));

provideSource();
const images = provideImages();
let unexpected = 0;
for (const suite of chosen) unexpected += runSuite(suite, buildSuite(suite));
exit(unexpected === 0 ? 0 : 1);

/** Returns the number of surprises. */
function runSuite(suite: Suite, binary: string): number {
  const work = join(cache, 'work', engine);
  rmSync(work, {recursive: true, force: true});
  mkdirSync(join(work, 'bin'), {recursive: true});
  writeRegistry(work);
  if (isOriginal) writeRuntime(work);
  const limit = `${suite.minutes}m`;
  const filter = suite.filter === undefined ? '' : ` -test.run '${suite.filter}'`;
  const test = `/mnt/source/bin/${basename(binary)} -test.v -test.timeout=${limit}${filter}`;
  const command = `cd ${packageDirectory(suite.directory)} && exec timeout -k 10 ${limit} ${test}`;
  const sandbox = join(import.meta.dirname, 'sandbox.sh');
  const {stdout, stderr, error} = spawnSync(sandbox, [work, executables, 'bash', '-c', command], {
    env: {...process.env, CONFORMANCE_IMAGES: images, CONFORMANCE_SOURCE: cache},
    maxBuffer: 1024 * 1024 * 1024,
    timeout: (suite.minutes + 5) * 60_000,
    encoding: 'utf8',
  });
  if (error) throw error;
  const logs = join(cache, 'logs');
  mkdirSync(logs, {recursive: true});
  const log = join(logs, `${suite.name}.${engine}.log`);
  writeFileSync(log, stdout + stderr);
  return report(suite, stdout, log);
}

function report({name}: Suite, output: string, log: string): number {
  const list = isOriginal ? originalDifferences : {...originalDifferences, ...differences};
  const results = parseResults(output);
  const {passed, skipped, known, unexpected, outdated} = judge(results, new Set(Object.keys(list)));
  console.log(
    `${engine} ${name}: ${passed} passed, ${skipped} skipped, ${known.length} known differences, ${unexpected.length} unexpected (${log})`,
  );
  for (const test of unexpected) console.log(`  FAIL ${test}`);
  for (const test of outdated) console.log(`  passes, but is listed in differences.ts: ${test}`);
  if (results.size === 0) console.log(`  no test ran:\n${readFileSync(log, 'utf8').slice(-2000)}`);
  return unexpected.length + (results.size === 0 ? 1 : 0);
}

/** The tests start a registry under this name, with the configuration as its only argument. */
function writeRegistry(work: string): void {
  const script = '#!/bin/sh\n[ -f "$1" ] && set -- serve "$1"\nexec docker-registry "$@"\n';
  writeFileSync(join(work, 'bin/registry-v2'), script, {mode: 0o755});
}

/** The original gives privileged containers capabilities that a machine may withhold: its runtime gets them taken out. */
function writeRuntime(work: string): void {
  const script = `#!/bin/sh
previous=
for argument; do
  case $previous in
    --bundle) sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$argument/config.json" ;;
    --process) sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$argument" ;;
  esac
  previous=$argument
done
exec /usr/sbin/runc "$@"
`;
  const [, mask = '0'] = /CapBnd:\s+(\w+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const sysResource = 24n;
  if ((BigInt(`0x${mask}`) & (1n << sysResource)) === 0n) {
    writeFileSync(join(work, 'bin/runc'), script, {mode: 0o755});
  }
}
