/**
 * containerd's own client suite (integration/client) against Debian's containerd and ours in turn, in namespaces and
 * cgroups of their own:
 *
 *     node tools/conformance/containerd.ts [--source DIR] [--only original|ours] [--run REGEXP] [--binary FILE]
 *
 * FILE keeps the compiled suite for the next time. DIR is containerd's source with Debian's patches; without it `apt-get source containerd` is asked. The suite starts the
 * daemon itself. What passes with the original and fails with ours makes the exit code 1. Needs root, Go with the
 * dependencies in /usr/share/gocode, docker-registry, skopeo, openssl and tini; dist/bin has to be built.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {images, makeImages} from './containerd-images.ts';
import {provideOtherSource} from './source.ts';

const root = resolve(import.meta.dirname, '../..');
const {values} = parseArgs({
  options: {
    source: {type: 'string', default: process.env.CONTAINERD_SOURCE},
    only: {type: 'string'},
    run: {type: 'string', default: '.'},
    binary: {type: 'string'},
    minutes: {type: 'string', default: '15'},
    out: {type: 'string', default: join(root, 'dist/conformance')},
  },
});
type Results = Map<string, string>;

const daemons = {original: '/usr/bin', ours: join(root, 'dist/bin')};
const work = mkdtempSync('/tmp/cc-');
const results: {[name: string]: Results} = {};
try {
  const binary = compiled();
  prepareRegistry();
  mkdirSync(values.out, {recursive: true});
  for (const [name, directory] of Object.entries(daemons)) {
    if (values.only !== undefined && values.only !== name) continue;
    results[name] = runSuite(name, directory, binary);
    console.log(`${name}: ${summary(results[name])}`);
  }
} finally {
  rmSync(work, {recursive: true, force: true});
}
process.exit(report() ? 0 : 1);

function compiled(): string {
  const kept = values.binary === undefined ? undefined : resolve(values.binary);
  if (kept !== undefined && existsSync(kept)) return kept;
  const binary = compile(resolve(values.source ?? provideOtherSource('containerd')));
  if (kept !== undefined) cpSync(binary, kept);
  return binary;
}

/** The test binary: a copy of the source becomes a part of a GOPATH, since Debian's dependencies are no modules. */
function compile(source: string): string {
  const path = join(work, 'go/src/github.com/containerd/containerd');
  cpSync(source, path, {recursive: true, verbatimSymlinks: true});
  const binary = join(work, 'client.test');
  const env = {...process.env, GO111MODULE: 'off', GOFLAGS: '', GOPATH: `${join(work, 'go')}:/usr/share/gocode`};
  execFileSync('go', ['test', '-c', '-o', binary, './integration/client'], {cwd: path, env, stdio: 'inherit'});
  return binary;
}

/** A registry on the loopback interface with a certificate for all of the names that the suite pulls from. */
function prepareRegistry(): void {
  makeImages(join(work, 'images'));
  const names = [...new Set(Object.values(images).map(reference => reference.split('/')[0] as string)), 'gcr.io'];
  writeFileSync(join(work, 'hosts'), `127.0.0.1 localhost ${names.join(' ')}\n`);
  const tls = join(work, 'tls');
  mkdirSync(tls);
  const [certificate, key] = [join(tls, 'cert.pem'), join(tls, 'key.pem')];
  const subject = ['-subj', '/CN=registry', '-addext', `subjectAltName=${names.map(name => `DNS:${name}`).join(',')}`];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...curve, ...files, ...subject], {stdio: 'ignore'});
  const http = {addr: '127.0.0.1:443', tls: {certificate, key}};
  const storage = {filesystem: {rootdirectory: join(work, 'registry')}};
  writeFileSync(join(work, 'registry.yml'), JSON.stringify({version: 0.1, log: {level: 'warn'}, storage, http}));
}

function runSuite(name: string, directory: string, binary: string): Results {
  if (!existsSync(join(directory, 'containerd'))) throw new Error(`no containerd in ${directory}`);
  rmSync(join(work, 'lib'), {recursive: true, force: true});
  const limit = `${values.minutes}m`;
  // CRIU asks more of the kernel than many machines give.
  const command = [binary, '-test.v', '-test.root', '-no-criu', `-test.timeout=${limit}`, '-test.parallel=4'];
  const {stdout, stderr, error} = spawnSync(
    join(import.meta.dirname, 'containerd-sandbox.sh'),
    [work, directory, ...command, `-test.run=${values.run}`],
    {
      env: {
        ...process.env,
        LAYOUTS: Object.entries(images)
          .map(pair => pair.join('='))
          .join(' '),
      },
      ...{encoding: 'utf8', maxBuffer: 1 << 30, timeout: (Number(values.minutes) + 3) * 60_000},
    },
  );
  if (error) throw error;
  writeFileSync(join(values.out, `containerd-client-${name}.log`), stdout + stderr);
  const found = [...stdout.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+)/gm)];
  if (found.length === 0) throw new Error(`no test ran:\n${(stdout + stderr).slice(-2000)}`);
  return new Map(found.map(([, outcome, test]) => [test as string, outcome as string]));
}

function summary(tests: Results): string {
  const count = (outcome: string) => [...tests.values()].filter(other => other === outcome).length;
  return `${count('PASS')} passed, ${count('FAIL')} failed, ${count('SKIP')} skipped`;
}

/** Prints what differs; false if something passes with the original only. */
function report(): boolean {
  const {original, ours} = results;
  if (!original || !ours) return true;
  const worse = [...original].filter(([test, outcome]) => outcome === 'PASS' && ours.get(test) !== 'PASS');
  for (const [test] of worse) console.log(`  ours: ${ours.get(test) ?? 'not run'}: ${test}`);
  return worse.length === 0;
}
