/** The OCI specification of a new container: the default, then what the image says, then the command line. */
import {readFile} from 'node:fs/promises';
import {hostname} from 'node:os';
import type {ImageConfig, LinuxNamespace, Mount} from '@longshore/api/oci';
import {EngineError} from '@longshore/errdefs';
import {UsageError} from '../command/errors.ts';
import type {FlagValues} from '../command/flag-values.ts';
import {parseLabels} from '../command/flag-values.ts';
import {confine} from './confinement.ts';
import {defaultPath, defaultSpec, type FullSpec} from './default-spec.ts';
import {addDevice, defaultDeviceRules} from './devices.ts';
import {addGpus} from './gpus.ts';
import {ordered} from './key-order.ts';
import {privileged} from './privileged.ts';
import {specFlags} from './spec-flags.ts';
import {parseMappings, useUserNamespace} from './user-namespace.ts';

export interface SpecSource {
  namespace: string;
  id: string;
  flags: FlagValues;
  /** The image's configuration; undefined with --rootfs. */
  image: ImageConfig | undefined;
  args: string[];
}

export async function buildSpec({namespace, id, flags, image, args}: SpecSource): Promise<FullSpec> {
  const spec = defaultSpec(namespace, id);
  spec.linux.resources = {devices: [{allow: false, access: 'rwm'}, ...defaultDeviceRules()]};
  // As in the original, a command line replaces the image's entry point too.
  spec.process.args = args.length > 0 ? args : [...(image?.Entrypoint ?? []), ...(image?.Cmd ?? [])];
  if (spec.process.args.length === 0)
    throw new EngineError('invalid-argument', 'no command: the image has none, name one after the container id');
  spec.process.env = mergeEnv([defaultPath], image?.Env ?? [], await extraEnv(flags));
  spec.process.cwd = flags.text('cwd') || image?.WorkingDir || '/';
  if (flags.bool('tty')) {
    spec.process.terminal = true;
    spec.process.env = mergeEnv(spec.process.env, ['TERM=xterm']);
  }
  applyIsolation(spec, flags);
  applyResources(spec, flags);
  for (const device of flags.list('device')) addDevice(spec, device);
  if (flags.has('gpus')) addGpus(spec, flags.list('gpus'));
  await confine(spec, flags);
  const mappings = parseMappings(flags);
  if (mappings) useUserNamespace(spec, mappings);
  return ordered(spec);
}

/** The specification that --config names. Throws for flags that would change it: the file says all. */
export async function readSpec(flags: FlagValues): Promise<FullSpec> {
  const file = flags.text('config');
  const other = specFlags.find(({name}) => !['config', 'tty', 'cni', 'sandbox'].includes(name) && flags.has(name));
  if (other) throw new UsageError(`--${other.name} and --config cannot be specified together`, false);
  const spec = JSON.parse(await readFile(file, 'utf8')) as FullSpec;
  if (!spec.process || !spec.root || !spec.linux) {
    throw new EngineError(
      'invalid-argument',
      `${file} is no OCI specification for Linux: it needs process, root and linux`,
    );
  }
  spec.mounts ??= [];
  if (flags.bool('tty')) spec.process.terminal = true;
  return spec;
}

async function extraEnv(flags: FlagValues): Promise<string[]> {
  const file = flags.text('env-file');
  const lines = file === '' ? [] : (await readFile(file, 'utf8')).split('\n');
  return [...lines.filter(line => line !== '' && !line.startsWith('#')), ...flags.list('env')];
}

/** A later value of a name replaces an earlier one, in its place; a name without "=" takes our own value. */
function mergeEnv(...lists: string[][]): string[] {
  const values = new Map<string, string>();
  for (const word of lists.flat()) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const value = at < 0 ? process.env[name] : word.slice(at + 1);
    if (value !== undefined) values.set(name, value);
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}

function applyIsolation(spec: FullSpec, flags: FlagValues): void {
  if (flags.text('hostname')) spec.hostname = flags.text('hostname');
  if (flags.bool('allow-new-privs')) delete spec.process.noNewPrivileges;
  if (flags.bool('read-only')) spec.root.readonly = true;
  if (flags.text('rootfs-propagation')) spec.linux.rootfsPropagation = flags.text('rootfs-propagation') as 'private';
  const annotations = parseLabels(flags.list('annotation'));
  if (Object.keys(annotations).length > 0) spec.annotations = annotations;
  spec.mounts.push(...flags.list('mount').map(parseMount));
  if (flags.bool('net-host')) shareNetwork(spec);
  for (const word of flags.list('with-ns')) joinNamespace(spec, word);
  applyCapabilities(spec, flags);
  const withDevices = !flags.bool('privileged-without-host-devices');
  if (flags.bool('privileged')) privileged(spec, withDevices);
  else if (!withDevices)
    throw new UsageError("can't use 'privileged-without-host-devices' without 'privileged' specified", false);
}

/** The host's network, its name in the environment and the files that resolve names. */
function shareNetwork(spec: FullSpec): void {
  spec.linux.namespaces = (spec.linux.namespaces ?? []).filter(n => n.type !== 'network');
  spec.process.env = mergeEnv(spec.process.env ?? [], [`HOSTNAME=${hostname()}`]);
  for (const file of ['/etc/hosts', '/etc/resolv.conf']) {
    spec.mounts.push({destination: file, type: 'bind', source: file, options: ['rbind', 'ro']});
  }
}

const namespaceTypes = ['cgroup', 'ipc', 'mount', 'network', 'pid', 'time', 'user', 'uts'];

function joinNamespace(spec: FullSpec, word: string): void {
  const [type = '', ...path] = word.split(':');
  if (path.length === 0)
    throw new EngineError(
      'invalid-argument',
      `joining a Linux namespace using --with-ns requires the format 'nstype:path'`,
    );
  if (!namespaceTypes.includes(type)) {
    const problem = `the Linux namespace type specified in --with-ns is not valid: ${type}`;
    throw new EngineError('invalid-argument', problem);
  }
  const others = (spec.linux.namespaces ?? []).filter(n => n.type !== type);
  spec.linux.namespaces = [...others, {type: type as LinuxNamespace['type'], path: path.join(':')}];
}

/** `type=bind,src=/a,dst=/b,options=rbind:ro` */
export function parseMount(word: string): Mount {
  if (word.split(',').some(field => !field.includes('='))) {
    throw new EngineError('invalid-argument', 'invalid mount specification: expected key=val');
  }
  const fields = parseLabels(word.split(','));
  const known = ['type', 'source', 'src', 'destination', 'dst', 'options'];
  const unknown = Object.keys(fields).find(key => !known.includes(key));
  if (unknown) throw new EngineError('invalid-argument', `mount option "${unknown}" not supported`);
  const destination = fields.destination ?? fields.dst;
  if (!destination) throw new EngineError('invalid-argument', `invalid --mount "${word}": it has no destination`);
  return {
    destination,
    type: fields.type ?? '',
    source: fields.source ?? fields.src ?? '',
    options: fields.options?.split(':') ?? [],
  };
}

function applyCapabilities(spec: FullSpec, flags: FlagValues): void {
  const added = flags.list('cap-add');
  const dropped = flags.list('cap-drop');
  for (const name of [...added, ...dropped]) {
    if (!name.startsWith('CAP_'))
      throw new EngineError('invalid-argument', `capabilities must be specified with 'CAP_' prefix: ${name}`);
  }
  const change = (names: string[] = []) => [...new Set([...names, ...added])].filter(name => !dropped.includes(name));
  const {bounding, effective, permitted} = spec.process.capabilities ?? {};
  spec.process.capabilities = {bounding: change(bounding), effective: change(effective), permitted: change(permitted)};
}

function applyResources(spec: FullSpec, flags: FlagValues): void {
  const {resources = {}} = spec.linux;
  if (flags.number('memory-limit') > 0) resources.memory = {limit: flags.number('memory-limit')};
  const cpu: NonNullable<typeof resources.cpu> = {};
  if (flags.number('cpu-shares') > 0) cpu.shares = flags.number('cpu-shares');
  if (flags.number('cpu-quota') > 0) cpu.quota = flags.number('cpu-quota');
  if (flags.number('cpu-period') > 0) cpu.period = flags.number('cpu-period');
  if (flags.number('cpus') > 0) {
    if (flags.number('cpu-quota') > 0 || flags.number('cpu-period') > 0)
      throw new UsageError('cpus and quota/period should be used separately', false);
    Object.assign(cpu, {quota: Math.round(flags.number('cpus') * 100_000), period: 100_000});
  }
  if (flags.text('cpuset-cpus')) cpu.cpus = flags.text('cpuset-cpus');
  if (flags.text('cpuset-mems')) cpu.mems = flags.text('cpuset-mems');
  if (Object.keys(cpu).length > 0) resources.cpu = cpu;
  spec.linux.resources = resources;
  if (flags.has('cgroup')) spec.linux.cgroupsPath = flags.text('cgroup');
}
