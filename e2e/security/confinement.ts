/** What a container reports of its confinement, in a form that is the same on every engine. */
import {copyFileSync, mkdirSync, readdirSync, readlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {getSystemErrorName} from 'node:util';
import {debianExecutables, type Engine} from '@longshore/testing';
import {customProfile, type Setting} from './settings.ts';
import {readResults, systemCallProgram} from './system-calls.ts';

/** Makes the directory that is mounted at /probe, and gives its path. */
export function prepareProbe(engine: Engine): string {
  const directory = join(engine.paths.scratch, 'probe');
  mkdirSync(directory, {mode: 0o755});
  copyFileSync(join(import.meta.dirname, 'probe.sh'), join(directory, 'probe.sh'));
  if (process.arch === 'x64') writeFileSync(join(directory, 'system-calls'), systemCallProgram(), {mode: 0o755});
  const namespaces = `/proc/${engine.sandbox.pid}/ns`;
  const links = readdirSync(namespaces).map(name => readlinkSync(join(namespaces, name)));
  writeFileSync(join(directory, 'host-namespaces'), `${links.join('\n')}\n`);
  writeFileSync(join(directory, 'profile.json'), JSON.stringify(customProfile));
  return directory;
}

/** The facts of a container under a setting, sorted; `exec` asks in a further process of it. */
export async function confinementOf(engine: Engine, probe: string, setting: Setting, exec = false): Promise<string[]> {
  const settings = setting.args.map(arg => arg.replace('@', probe));
  const name = `probed-${setting.name.replaceAll(/\W/g, '-')}${exec ? '-exec' : ''}`;
  const command = ['sh', '/probe/probe.sh'];
  const base = ['--name', name, '--hostname', 'probed', '-v', `${probe}:/probe:ro`];
  // A later --hostname wins; the host's name cannot be set.
  const run = setting.args.includes('--uts') ? [...base.slice(0, 2), ...base.slice(4)] : base;
  const client = (...args: string[]) => engine.run([debianExecutables.docker, ...args], {env: engine.clientEnv()});
  const started = exec
    ? await client('run', '-d', ...run, ...settings, 'busybox', 'sleep', '60')
    : await client('run', ...run, ...settings, 'busybox', ...command);
  if (started.exitCode !== 0) throw new Error(`${setting.name}: ${started.exitCode} ${started.stderr}`);
  const {stdout} = exec ? await client('exec', name, ...command) : started;
  const {stdout: id} = await client('inspect', '--format', '{{.Id}}', name);
  await client('rm', '-f', name);
  return normalize(stdout, id.trim(), engine);
}

function normalize(report: string, id: string, engine: Engine): string[] {
  const lines = report
    .replaceAll(id, '<id>')
    .replaceAll(id.slice(0, 12), '<id>')
    .replaceAll(engine.paths.cgroupParent, '<cgroups>')
    .replaceAll(engine.paths.root, '<root>')
    .split('\n')
    // Keyrings of other containers are seen where the list is not masked.
    .filter(line => line !== '' && (!line.startsWith('keyrings: ') || line.includes('<id>')))
    .map(normalizeMount);
  const calls = lines.find(line => line.startsWith('calls: '));
  const results = calls ? readResults(calls.slice('calls: '.length)) : new Map<string, number>();
  return [
    ...lines.filter(line => line !== calls),
    ...[...results].map(([name, result]) => `calls: ${name}: ${result < 0 ? getSystemErrorName(result) : 'works'}`),
  ];
}

/** Where an engine keeps things is its own matter, but not what is shown of them and how. */
function normalizeMount(line: string): string {
  if (!line.startsWith('mounts: ')) return line;
  return line
    .replace(/(lowerdir|upperdir|workdir)=[^, ]*/g, '$1=...')
    .replace(/<root>\/\S*\/(hostname|hosts|resolv\.conf|mounts\/shm)/g, '<files>/$1')
    .replace(/\/\S*\/(ls-\w+)\/data\/(containers|rootfs)\/\S*/g, '<files>');
}
